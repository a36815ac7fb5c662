/** Writes new orders, counted against their day's limit: the one way for orders and for the periods of subscriptions. */
import { claimLimit } from '../merchant/limits.ts';
import type { Tx } from '../storage/database.ts';
import { insertOrders } from './order.store.ts';
import type { Order } from './order.ts';

/** An order that is no row yet. */
export interface Placed {
  readonly order: Order;
  /** Of the order's currency; undefined: days are not counted. */
  readonly dailyLimitMinor: bigint | undefined;
}

/**
 * @returns false when the request id was there already, and nothing is written
 * @throws Fault DAILY_LIMIT_EXCEEDED
 */
export const placeOrder = async (tx: Tx, order: Order, dailyLimitMinor: bigint | undefined): Promise<boolean> =>
  (await placeOrders(tx, [{ order, dailyLimitMinor }])).has(order.acquiringOrderId);

/**
 * The same for several.
 *
 * @returns the `acquiringOrderId`s of those that are rows now
 * @throws Fault DAILY_LIMIT_EXCEEDED when one of them goes beyond it, and then none may be committed
 */
async function placeOrders(tx: Tx, placed: readonly Placed[]): Promise<ReadonlySet<string>> {
  const orders = placed.map(({ order }) => order);
  const inserted = await insertOrders(tx, orders);
  const rows = placed.filter(({ order }) => inserted.has(order.acquiringOrderId));
  await countAgainstDays(tx, rows);
  return inserted;
}

/** @throws Fault DAILY_LIMIT_EXCEEDED */
export async function countAgainstDays(tx: Tx, placed: readonly Placed[]): Promise<void> {
  for (const { order, dailyLimitMinor } of placed) await claimLimit(tx, order, dailyLimitMinor);
}
