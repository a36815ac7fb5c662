/**
 * Carries the outcomes of many new orders on in one transaction. What nearly all come to, paid at once with a saved card, is
 * written for all of them together; every other one as `settle.ts` does it, one after the other.
 */
import { isDeclinedForGood } from '../connector/declines.ts';
import type { SettledTogether } from '../payment/road.ts';
import type { Tx } from '../storage/database.ts';
import { authenticateToken, holdTokens, unverifiedAmong } from '../tokenization/charge.ts';
import { keepNetworkTransactionIds } from '../tokenization/network-transaction-id.ts';
import { notifyAll } from '../webhook/notify.ts';
import { lockOrders, saveOrders } from './order.store.ts';
import { advance, type Order } from './order.ts';
import type { Placed } from './place.ts';
import { notificationOf, settleOrder } from './settle.ts';

type Told = SettledTogether<Placed>;

/** An order that was paid, as it was when it was locked, and its outcome. */
interface Paid {
  readonly told: Told;
  readonly order: Order;
}

/**
 * @param told - of one merchant, each of another order
 * @returns the orders as they are now, in the same order
 */
export async function settleOrders(tx: Tx, told: readonly Told[]): Promise<Order[]> {
  const [first] = told;
  if (first === undefined) return [];
  const { merchantId } = first.payment;
  const locked = await lockOrders(
    tx,
    merchantId,
    told.map(({ payment }) => payment.subject.id),
  );
  const paid = told.flatMap((one): Paid[] => {
    const order = locked.get(one.payment.subject.id);
    return order !== undefined && isPaidAtOnce(one, order) ? [{ told: one, order: paidOrder(one, order) }] : [];
  });
  if (told.some(({ outcome }) => outcome.kind === 'declined' && isDeclinedForGood(outcome.reason))) {
    await holdTokens(tx, merchantId, tokensOf(locked));
  }
  await savePaid(tx, merchantId, paid);
  const settled = new Map(paid.map((one) => [one.told, one.order]));
  for (const one of told) {
    if (!settled.has(one)) settled.set(one, await settleOrder(one.gateway, tx, one.payment, one.outcome));
  }
  return told.map((one) => settled.get(one) as Order);
}

const tokensOf = (orders: ReadonlyMap<string, Order>): string[] =>
  [...orders.values()].flatMap(({ tokenId }) => (tokenId === undefined ? [] : [tokenId]));

/** Nothing follows but the notification. */
const isPaidAtOnce = ({ outcome }: Told, order: Order): boolean =>
  outcome.kind === 'approved' &&
  order.status === 'PAY_IN_PROGRESS' &&
  order.captureMode === 'AUTOMATIC' &&
  order.waitingCard === undefined &&
  order.echo.subscriptionInfo === undefined;

const paidOrder = ({ gateway }: Told, order: Order): Order => ({
  ...advance(order, 'paid', gateway.clock.now()),
  capturedMinor: order.amountMinor,
});

async function savePaid(tx: Tx, merchantId: string, paid: readonly Paid[]): Promise<void> {
  if (paid.length === 0) return;
  const orders = paid.map(({ order }) => order);
  const told = paid.map(({ order, told: { gateway } }) => ({ ...notificationOf(order), now: gateway.clock.now() }));
  const [saved] = await Promise.all([
    saveOrders(tx, orders, 'PAY_IN_PROGRESS'),
    notifyAll(tx, told),
    verifyTokens(tx, merchantId, paid),
  ]);
  if (!saved) throw new Error('an order changed under its own attempt');
}

/** What a payment with the shopper present says of the token that it was made with. */
async function verifyTokens(tx: Tx, merchantId: string, paid: readonly Paid[]): Promise<void> {
  const present = paid.flatMap(({ order: { initiator, tokenId }, told: { outcome, gateway } }) =>
    initiator === 'CIT' && tokenId !== undefined && outcome.kind === 'approved'
      ? [{ tokenId, gateway, networkTransactionId: outcome.networkTransactionId }]
      : [],
  );
  if (present.length === 0) return;
  const [unverified] = await Promise.all([
    unverifiedAmong(tx, merchantId, [...new Set(present.map((one) => one.tokenId))]),
    keepNetworkTransactionIds(tx, merchantId, present),
  ]);
  for (const tokenId of unverified) {
    const { gateway } = present.find((one) => one.tokenId === tokenId) ?? {};
    if (gateway !== undefined) await authenticateToken(gateway, tx, merchantId, tokenId);
  }
}
