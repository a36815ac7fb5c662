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
export async function placeOrder(tx: Tx, order: Order, dailyLimitMinor: bigint | undefined): Promise<boolean> {
  const inserted = await insertOrders(tx, [order]);
  if (!inserted.has(order.acquiringOrderId)) return false;
  await countAgainstDays(tx, [{ order, dailyLimitMinor }]);
  return true;
}

/** Whether its day has a limit. */
export const isCounted = ({ order, dailyLimitMinor }: Placed): boolean =>
  order.limitDay !== undefined && dailyLimitMinor !== undefined;

/**
 * Counts orders that are rows now against their days.
 *
 * @throws Fault DAILY_LIMIT_EXCEEDED when one of them goes beyond it, and then none may be committed
 */
export async function countAgainstDays(tx: Tx, placed: readonly Placed[]): Promise<void> {
  for (const { order, dailyLimitMinor } of placed) await claimLimit(tx, order, dailyLimitMinor);
}
