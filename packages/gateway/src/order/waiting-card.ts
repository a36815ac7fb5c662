/**
 * A card without a token whose shopper is being authenticated: it rests in the vault, as any card, until the order is
 * charged or closed. Neither it nor its CVV must outlast that.
 */
import type { Gateway } from '../gateway.ts';
import type { Tx } from '../storage/database.ts';
import type { CardBuffer } from '../vault/card-buffer.ts';
import { dropCvv } from '../vault/cvv-hold.ts';
import { eraseCard, sealCard, storeCard } from '../vault/vault.ts';
import { saveWaitingCard } from './order.store.ts';
import type { Order, WaitingCard } from './order.ts';

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
    await saveWaitingCard(tx, order, { cardId: sealed.cardId, ...known });
  };
}

/** Erases the card that waited, if one did, and its CVV. @returns the order without it */
export async function dropWaitingCard(tx: Tx, order: Order): Promise<Order> {
  if (order.waitingCard === undefined) return order;
  const { merchantId, waitingCard } = order;
  await saveWaitingCard(tx, order, undefined);
  await eraseCard(tx, { merchantId, cardId: waitingCard.cardId });
  await dropCvv(tx, { merchantId, holdId: waitingCard.authenticationId });
  return { ...order, waitingCard: undefined };
}
