/** Writes a new order, counted against its day's limit: the one way for orders and for the periods of subscriptions. */
import { claimLimit } from '../merchant/limits.ts';
import type { Tx } from '../storage/database.ts';
import { insertOrder } from './order.store.ts';
import type { Order } from './order.ts';

/**
 * @param dailyLimitMinor - of the order's currency; undefined: days are not counted
 * @returns false when the request id was there already, and nothing is written
 * @throws Fault DAILY_LIMIT_EXCEEDED
 */
export async function placeOrder(tx: Tx, order: Order, dailyLimitMinor: bigint | undefined): Promise<boolean> {
  if (!(await insertOrder(tx, order))) return false;
  await claimLimit(tx, order, dailyLimitMinor);
  return true;
}
