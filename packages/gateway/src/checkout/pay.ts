/**
 * Pays an open order with what the shopper chose on its page: a card that his browser encrypted, or one he saved. However
 * often it is asked, the order is charged once. A refusal says what is wrong with the card, never what was sent.
 */
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { checkPaidMethod } from '../order/check.ts';
import type { Order } from '../order/order.ts';
import { type Means, payMethodNameOf, payOpenOrder } from '../order/pay.ts';
import { awaitAnswer } from '../payment/await-answer.ts';
import { summarise } from '../tokenization/card-summary.ts';
import { chargeableToken, savedCardsOf } from '../tokenization/charge.ts';
import { checkCard } from '../tokenization/check-card.ts';
import { savePaidCard } from '../tokenization/save-card.ts';
import { CardBuffer } from '../vault/card-buffer.ts';
import { openSubmittedCard } from '../vault/session-key.ts';
import { simulatedCardOf } from './simulate.ts';
import type { Visited } from './visit.ts';

/** Who pays, as the order names him; a shopper without a name has no saved cards. */
export const shopperOf = ({ echo }: Pick<Order, 'echo'>): string =>
  (echo.userInfo as { readonly userId?: string }).userId ?? '';

/**
 * @param paid.encryptedCard - the envelope for the page's key
 * @param paid.save - the shopper wants to keep the card: once it has paid it becomes a token, and the merchant is told
 * @throws Fault CARD_DATA_INVALID, CARD_NOT_SUPPORTED, PAY_METHOD_UNAVAILABLE, AMOUNT_OUT_OF_RANGE, TOO_MANY_REQUESTS: the
 *   order stays open, and another card may be tried
 */
export async function payWithCard(
  { gateway, checkout, order }: Visited,
  paid: { readonly encryptedCard: string; readonly save: boolean; readonly network: string },
): Promise<void> {
  await gateway.limits.cardTries.admit(paid.network);
  const card = await opened(gateway, { ...checkout, tokenRequestId: checkout.acquiringOrderId }, paid.encryptedCard);
  try {
    const approved = await payWith(gateway, order, card, paid.network);
    if (approved && paid.save && shopperOf(order) !== '') await save(gateway, order, card);
  } finally {
    card.dispose();
  }
}

/**
 * @throws Fault TOKEN_INVALID for a card of somebody else, TOKEN_EXPIRED; PAY_METHOD_UNAVAILABLE, AMOUNT_OUT_OF_RANGE
 */
export async function payWithToken({ gateway, order }: Visited, tokenId: string): Promise<void> {
  const { merchantId } = order;
  const saved = await savedCardsOf(gateway, merchantId, shopperOf(order));
  if (!saved.some((token) => token.tokenId === tokenId)) throw new Fault('TOKEN_INVALID');
  const token = await chargeableToken(gateway, { merchantId, tokenId, initiator: 'CIT', asAccessToken: false });
  const { card: summary } = token;
  await checkPaidMethod(gateway, order, { scheme: summary.scheme, payMethodName: payMethodNameOf(summary) });
  await charge(gateway, order, { card: { cardId: token.cardId, tokenId }, summary, tokenId });
}

/** The sandbox's buttons: pays with a published test card of the order's method. */
export async function paySimulated({ gateway, order }: Visited, succeeds: boolean): Promise<void> {
  const { pan } = simulatedCardOf(order, succeeds);
  const card = CardBuffer.fromText({ pan, expiry: { month: 12, year: 2099 }, cvv: undefined, name: 'TEST USER' });
  try {
    const summary = summarise(card, gateway.connectors.of(order.merchantId).factsOf(card.pan));
    await charge(gateway, order, { card, summary, tokenId: undefined });
  } finally {
    card.dispose();
  }
}

async function opened(gateway: Gateway, session: Parameters<typeof openSubmittedCard>[1], jwe: string) {
  try {
    return await openSubmittedCard(gateway, session, jwe);
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'EnvelopeError') throw cause;
    throw new Fault('CARD_DATA_INVALID', 'encryptedCard: cannot be opened with the key of this page', { cause });
  }
}

async function payWith(gateway: Gateway, order: Order, card: CardBuffer, network: string): Promise<boolean> {
  const { merchantId } = order;
  const connector = gateway.connectors.of(merchantId);
  checkCard(card, connector, gateway.clock.now());
  const summary = summarise(card, connector.factsOf(card.pan));
  await checkPaidMethod(gateway, order, { scheme: summary.scheme, payMethodName: payMethodNameOf(summary) });
  const tried = await gateway.limits.cardTries.judge({ merchantId, merchantUserId: shopperOf(order), card, network });
  if (tried.judgement !== 'proceed') throw new Fault('CHANNEL_REJECTED');
  const result = await charge(gateway, order, { card, summary, tokenId: undefined });
  const approved = result.kind === 'performed' && result.outcome.kind === 'approved';
  if (approved) await tried.approved();
  return approved;
}

/** Whoever comes second waits for the answer of the first. */
async function charge(gateway: Gateway, order: Order, means: Means) {
  const { merchantId, acquiringOrderId } = order;
  const result = await payOpenOrder(gateway, order, means);
  if (result.kind !== 'performed') await awaitAnswer(gateway, merchantId, { kind: 'order', id: acquiringOrderId });
  gateway.nudge();
  return result;
}

/** The order is paid whatever becomes of the wish to keep the card. */
async function save(gateway: Gateway, order: Order, card: CardBuffer): Promise<void> {
  const { merchantId, acquiringOrderId, notifyUrl } = order;
  try {
    await savePaidCard(gateway, {
      merchantId,
      tokenRequestId: acquiringOrderId,
      merchantUserId: shopperOf(order),
      notifyUrl,
      card,
    });
  } catch (error) {
    gateway.log.warn('a card that paid could not be saved', { merchantId, detail: acquiringOrderId, error });
  }
}
