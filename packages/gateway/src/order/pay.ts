/**
 * From an order to its charge: the one way for a request that carries its card, and for a shopper who chose one later.
 * What is charged, and whether it is captured at once, is the order's; the caller brings the card.
 */
import type { ThreeDsProof } from '../connector/connector.ts';
import type { Gateway } from '../gateway.ts';
import { type CardAtHand, perform, performTogether } from '../payment/perform.ts';
import type { Payment, Performed, SharedRoad } from '../payment/road.ts';
import type { Tx } from '../storage/database.ts';
import { insertNewOrders, insertOrders, lockOrder, saveOrder } from './order.store.ts';
import { advance, type Order } from './order.ts';
import { paidWith, type Shown } from './paid-with.ts';
import { countAgainstDays, isCounted, type Placed } from './place.ts';
import { settleOrder } from './settle.ts';
import { settleOrders, settlePaidOrders } from './settle-together.ts';
import { dropWaitingCard, waitingCardOf } from './waiting-card.ts';

/** A card to pay with. */
export interface Means extends Shown {
  readonly card: CardAtHand;
  /** A card that is no token becomes one when it has paid. */
  readonly save?: boolean;
  /** It is the one that waited with the order. Whoever pays with any other gives that one up. */
  readonly hasWaited?: boolean;
  /** When the issuer authenticated the shopper for it. */
  readonly threeDs?: ThreeDsProof | undefined;
  /** Without the shopper: of the payment that he agreed with. */
  readonly networkTransactionId?: string | undefined;
}

/**
 * Charges an order, or authorises it when it is captured later.
 *
 * @param begin - writes the order as PAY_IN_PROGRESS in the transaction of the intent; false when somebody was faster
 */
export function chargeOrder(
  gateway: Gateway,
  order: Order,
  means: Charging,
  begin: (tx: Tx) => Promise<boolean>,
): Promise<Performed<Order>> {
  const payment = paymentOf(order, means);
  const settle = (tx: Tx, outcome: Parameters<typeof settleOrder>[3]) => settleOrder(gateway, tx, payment, outcome);
  return perform(gateway, payment, { card: means.card, begin, settle });
}

/** Charges an order that is no row yet; `not-begun` when its request id was there already. Many are written at a time. */
export const chargeNewOrder = (gateway: Gateway, placed: Placed, means: Charging): Promise<Performed<Order>> =>
  performTogether(gateway, paymentOf(placed.order, means), newOrders, { card: means.card, subject: placed });

type Charging = Pick<Means, 'card' | 'threeDs' | 'networkTransactionId'>;

function paymentOf(order: Order, { threeDs, networkTransactionId }: Charging): Payment {
  const { merchantId, acquiringOrderId, currency, amountMinor, amount, initiator } = order;
  const subject = { kind: 'order', id: acquiringOrderId } as const;
  const verb = order.captureMode === 'MANUAL' ? 'authorize' : 'purchase';
  return { merchantId, subject, verb, currency, amountMinor, amount, initiator, threeDs, networkTransactionId };
}

const newOrders: SharedRoad<Placed, Order> = {
  async begin(tx, placed) {
    const orders = placed.map(({ order }) => order);
    const rows = await insertOrders(tx, orders);
    return new Set(placed.filter(({ order }) => rows.has(order.acquiringOrderId)));
  },
  admit: countAgainstDays,
  beginAtOnce: (placed) =>
    placed.some(isCounted)
      ? undefined
      : (tx) =>
          insertNewOrders(
            tx,
            placed.map(({ order }) => order),
          ),
  settle: settleOrders,
  settleAtOnce: settlePaidOrders,
};

/**
 * Charges an order that waited for its shopper. It is charged once, however often this is called.
 *
 * @param first - what else is written in the transaction of the intent, before anything; false: nothing may follow
 * @returns `not-begun` when the order does not wait any more, or its time is over
 */
export async function payOpenOrder(
  gateway: Gateway,
  order: Order,
  means: Means,
  first: (tx: Tx) => Promise<boolean> = async () => true,
): Promise<Performed<Order>> {
  const keep = await keeping(gateway, order, means);
  return chargeOrder(gateway, order, means, async (tx) => {
    if (!(await first(tx))) return false;
    const found = await lockOrder(tx, order.merchantId, order.acquiringOrderId);
    const now = gateway.clock.now();
    if (found?.status !== 'AUTHORIZATION_REQUIRED' || found.expiresAt <= now) return false;
    // Whoever chose a card, and then paid with another, must not be left with a token of the first, nor with its number here.
    const open = means.hasWaited ? found : await dropWaitingCard(tx, found);
    const { tokenId } = means;
    const echo = { ...open.echo, paymentInfo: paidWith(open.echo.paymentInfo, means, open.initiator) };
    if (!(await saveOrder(tx, { ...advance(open, 'charge-sent', now), tokenId, echo }, open.status))) return false;
    await keep(tx);
    return true;
  });
}

/**
 * Lets a card that is to become a token rest in the vault. Call it before a transaction begins (see `Keyring.dataKey`).
 *
 * @returns what stores it, in the transaction of the intent; nothing for any other card
 */
export async function keeping(
  gateway: Gateway,
  order: Order,
  { card, summary, save = false }: Means,
): Promise<(tx: Tx) => Promise<void>> {
  if (!save || 'cardId' in card) return async () => {};
  return waitingCardOf(gateway, order, card, { summary, save });
}
