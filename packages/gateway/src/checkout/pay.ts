/**
 * Pays an open order with what the shopper chose on its page: a card that his browser encrypted, or one he saved. However
 * often it is asked, the order is charged once. A refusal says what is wrong with the card, never what was sent.
 */
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { authenticateOpenOrder, isAsked } from '../order/authenticate.ts';
import { checkCardPrefix, useOf } from '../order/card-prefix.ts';
import { allowsCard, checkPaidMethod, otherMethodsOf } from '../order/check.ts';
import { orderNamed } from '../order/find.ts';
import { type Order, shopperOf } from '../order/order.ts';
import { payMethodNameOf } from '../order/paid-with.ts';
import { type Means, payOpenOrder } from '../order/pay.ts';
import { awaitAnswer } from '../payment/await-answer.ts';
import { summarise } from '../tokenization/card-summary.ts';
import { chargeableToken, savedCardsOf } from '../tokenization/charge.ts';
import { checkCard } from '../tokenization/check-card.ts';
import type { CardBuffer } from '../vault/card-buffer.ts';
import { openSubmittedCard } from '../vault/session-key.ts';
import { isSaved } from './save.ts';
import { simulatedCard } from './simulate.ts';
import type { Visited } from './visit.ts';

/**
 * @param paid.encryptedCard - the envelope for the page's key
 * @param paid.save - the shopper wants to keep the card: once it has paid it becomes a token, and the merchant is told
 * @throws Fault CARD_DATA_INVALID, CARD_NOT_SUPPORTED, PAY_METHOD_UNAVAILABLE, AMOUNT_OUT_OF_RANGE, CARD_EXCLUDED, TOO_MANY_REQUESTS:
 *   the order stays open, and another card may be tried
 * @returns where the shopper is sent, when his bank wants to see him
 */
export async function payWithCard(
  visited: Visited,
  paid: { readonly encryptedCard: string; readonly save: boolean; readonly network: string },
): Promise<string | undefined> {
  const { gateway, checkout } = visited;
  await gateway.limits.cardTries.admit(paid.network);
  const card = await opened(gateway, { ...checkout, tokenRequestId: checkout.acquiringOrderId }, paid.encryptedCard);
  try {
    return await payWith(visited, card, paid);
  } finally {
    card.dispose();
  }
}

/**
 * @returns where the shopper is sent, when his bank wants to see him
 * @throws Fault TOKEN_INVALID for a card of somebody else, TOKEN_EXPIRED; PAY_METHOD_UNAVAILABLE, AMOUNT_OUT_OF_RANGE, CARD_EXCLUDED
 */
export async function payWithToken(visited: Visited, tokenId: string): Promise<string | undefined> {
  const { gateway, order, merchant } = visited;
  const { merchantId } = order;
  const saved = await savedCardsOf(gateway, merchantId, shopperOf(order));
  if (!saved.some((token) => token.tokenId === tokenId)) throw new Fault('TOKEN_INVALID');
  const token = await chargeableToken(gateway, { merchantId, tokenId, initiator: 'CIT', asAccessToken: false });
  const { card: summary } = token;
  const means = { card: { cardId: token.cardId, tokenId }, summary, tokenId };
  await checkMeans(gateway, order, means);
  if (isAsked(gateway, order, means)) {
    // No CVV waits: the link may follow from what the shopper has anyway.
    const { webUrl = '' } = order.echo;
    const asked = { mandated: false, envelope: webUrl, merchantName: merchant.name, returnUrl: webUrl };
    return authenticateOpenOrder(gateway, order, means, asked);
  }
  await charge(gateway, order, means);
  return undefined;
}

/**
 * The sandbox's buttons: pays with a published test card of the order's method, also where a wallet is played.
 *
 * @param methodName - e.g. `DANA`; `''` is a card
 * @throws Fault PAY_METHOD_UNAVAILABLE for a method that the order does not allow
 */
export async function paySimulated({ gateway, order }: Visited, succeeds: boolean, methodName: string): Promise<void> {
  const others = order.echo.subscriptionInfo === undefined ? await otherMethodsOf(gateway, order) : [];
  const found = others.find(({ payMethodName }) => payMethodName === methodName);
  if (found === undefined && (methodName !== '' || !allowsCard(order))) throw new Fault('PAY_METHOD_UNAVAILABLE');
  const played = found && { payMethodType: found.payMethodType, payMethodName: found.payMethodName };
  const card = simulatedCard(order, succeeds);
  try {
    const summary = summarise(card, gateway.connectors.of(order.merchantId).factsOf(card.pan));
    const save = await isSaved(gateway, order, false);
    await charge(gateway, order, { card, summary, tokenId: undefined, played, save });
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

async function payWith(
  { gateway, order, merchant }: Visited,
  card: CardBuffer,
  paid: Parameters<typeof payWithCard>[1],
): Promise<string | undefined> {
  const { merchantId } = order;
  const { encryptedCard, network } = paid;
  const save = await isSaved(gateway, order, paid.save);
  const connector = gateway.connectors.of(merchantId);
  checkCard(card, connector, gateway);
  const summary = summarise(card, connector.factsOf(card.pan));
  await checkMeans(gateway, order, { card, summary });
  const tried = await gateway.limits.cardTries.judge({ merchantId, merchantUserId: shopperOf(order), card, network });
  if (tried.judgement === 'decline' || tried.judgement === 'user-full') throw new Fault('CHANNEL_REJECTED');
  const mandated = tried.judgement === 'challenge';
  const means = { card, summary, tokenId: undefined, save };
  if (isAsked(gateway, order, means, mandated ? '3DS_FORCE' : undefined)) {
    const { webUrl: returnUrl = '' } = order.echo;
    const asked = { mandated, envelope: encryptedCard, merchantName: merchant.name, returnUrl };
    const webUrl = await authenticateOpenOrder(gateway, order, means, asked);
    // An issuer that wants to see the shopper by itself has not failed anybody.
    const isGood = webUrl === undefined ? await isCharged(gateway, order) : !mandated;
    if (isGood) await tried.approved();
    return webUrl;
  }
  const result = await charge(gateway, order, means);
  if (result.kind === 'performed' && result.outcome.kind === 'approved') await tried.approved();
  return undefined;
}

/** @throws Fault PAY_METHOD_UNAVAILABLE, AMOUNT_OUT_OF_RANGE, CARD_EXCLUDED */
async function checkMeans(gateway: Gateway, order: Order, means: Pick<Means, 'card' | 'summary'>): Promise<void> {
  const { summary } = means;
  await checkPaidMethod(gateway, order, { scheme: summary.scheme, payMethodName: payMethodNameOf(summary) });
  await checkCardPrefix(gateway, order.echo.paymentInfo as Parameters<typeof checkCardPrefix>[1], means, useOf(order));
}

const isCharged = async (gateway: Gateway, { merchantId, acquiringOrderId }: Order): Promise<boolean> =>
  ['PAY_SUCCESS', 'AUTHED_WAITING_CAPTURE'].includes(
    (await orderNamed(gateway, merchantId, { acquiringOrderId })).status,
  );

/** Whoever comes second waits for the answer of the first. */
async function charge(gateway: Gateway, order: Order, means: Means) {
  const { merchantId, acquiringOrderId } = order;
  const result = await payOpenOrder(gateway, order, means);
  if (result.kind !== 'performed') await awaitAnswer(gateway, merchantId, { kind: 'order', id: acquiringOrderId });
  gateway.nudge();
  return result;
}
