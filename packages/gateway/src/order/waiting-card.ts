/**
 * A card without a token, whose shopper is being authenticated or which is to become a token: it rests in the vault, as any
 * card, until the order is charged or closed. Then it is a token's, or gone; its CVV is gone as soon as it was used.
 */
import type { Gateway } from '../gateway.ts';
import type { Tx } from '../storage/database.ts';
import { saveCard } from '../tokenization/save-card.ts';
import type { CardBuffer } from '../vault/card-buffer.ts';
import { dropCvv } from '../vault/cvv-hold.ts';
import { eraseCard, sealCard, storeCard } from '../vault/vault.ts';
import { noteWaitingCard } from './order.store.ts';
import { type Order, shopperOf, type WaitingCard } from './order.ts';
import { paidWith } from './paid-with.ts';

/**
 * Seals a card. Call it before a transaction begins (see `Keyring.dataKey`).
 *
 * @param card - stays the caller's
 * @returns what stores it, in the transaction that lets the order wait
 */
export async function waitingCardOf(
  gateway: Pick<Gateway, 'keyring' | 'clock'>,
  order: Pick<Order, 'merchantId' | 'acquiringOrderId'>,
  card: CardBuffer,
  known: Omit<WaitingCard, 'cardId'>,
): Promise<(tx: Tx) => Promise<void>> {
  const sealed = await sealCard(gateway, { merchantId: order.merchantId, card });
  return async (tx) => {
    await storeCard(tx, sealed, gateway.clock.now());
    await noteWaitingCard(tx, order, { cardId: sealed.cardId, ...known });
  };
}

/** Erases the card that waited, if one did, and its CVV. @returns the order without it */
export async function dropWaitingCard(tx: Tx, order: Order): Promise<Order> {
  if (order.waitingCard === undefined) return order;
  const { merchantId, waitingCard } = order;
  await noteWaitingCard(tx, order, undefined);
  await eraseCard(tx, { merchantId, cardId: waitingCard.cardId });
  await dropCode(tx, order);
  return { ...order, waitingCard: undefined };
}

/** A CVV was used, whatever came of it. */
export async function dropCode(tx: Tx, { merchantId, waitingCard }: Order): Promise<void> {
  const holdId = waitingCard?.authenticationId;
  if (holdId !== undefined) await dropCvv(tx, { merchantId, holdId });
}

/**
 * Makes a token of the card that waited and has paid.
 *
 * @returns the order, as one that the token paid
 */
export async function saveWaitingCard(gateway: Gateway, tx: Tx, order: Order): Promise<Order> {
  const { merchantId, acquiringOrderId, notifyUrl, waitingCard, initiator } = order;
  if (waitingCard === undefined) return order;
  await dropCode(tx, order);
  await noteWaitingCard(tx, order, undefined);
  const { cardId, summary } = waitingCard;
  const merchantUserId = shopperOf(order);
  const paid = { merchantId, tokenRequestId: acquiringOrderId, merchantUserId, notifyUrl, cardId, card: summary };
  const tokenId = await saveCard(gateway, tx, paid);
  const paymentInfo = paidWith(order.echo.paymentInfo, { summary, tokenId }, initiator);
  return { ...order, waitingCard: undefined, tokenId, echo: { ...order.echo, paymentInfo } };
}
