/** What was paid of a subscription and what was not, as the wire shows it (contract section 15.12). */
import { orderStatuses } from '@waffo/protocol/statuses';
import { ordersNamed } from '../order/find.ts';
import type { Order } from '../order/order.ts';
import type { Sql } from '../storage/database.ts';
import { listOrderIds } from './subscription.store.ts';
import type { Subscription } from './subscription.ts';

/** Those that have ended, by period; of the latest hundred. A notification must not grow with the years. */
export async function paymentsOf(sql: Sql, subscription: Subscription): Promise<Order[]> {
  const orders = await ordersNamed(sql, subscription.merchantId, await listOrderIds(sql, subscription));
  return orders.filter(({ status }) => orderStatuses[status].final);
}
