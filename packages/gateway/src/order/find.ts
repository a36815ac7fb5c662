/** Finds the order that a request names. Another merchant's order does not exist. */
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import type { Sql } from '../storage/database.ts';
import { findOrder, findOrderByRequest, findOrders } from './order.store.ts';
import type { Order } from './order.ts';

/**
 * @param named.paymentRequestId - this or `acquiringOrderId`; when both are given they must name one order
 * @throws Fault PARAMETER_INVALID when neither is given, ORDER_NOT_FOUND
 */
export async function orderNamed(
  { database }: Pick<Gateway, 'database'>,
  merchantId: string,
  named: { readonly paymentRequestId?: string | undefined; readonly acquiringOrderId?: string | undefined },
): Promise<Order> {
  const { paymentRequestId, acquiringOrderId } = named;
  if (!paymentRequestId && !acquiringOrderId) {
    throw new Fault('PARAMETER_INVALID', 'paymentRequestId: give this or acquiringOrderId');
  }
  const order = acquiringOrderId
    ? await findOrder(database, merchantId, acquiringOrderId)
    : await findOrderByRequest(database, merchantId, paymentRequestId ?? '');
  const mismatch = paymentRequestId && order?.paymentRequestId !== paymentRequestId;
  if (order === undefined || mismatch) throw new Fault('ORDER_NOT_FOUND');
  return order;
}

/** Orders by their ids, and as those are ordered. */
export async function ordersNamed(
  sql: Sql,
  merchantId: string,
  acquiringOrderIds: readonly string[],
): Promise<Order[]> {
  const found = await findOrders(sql, merchantId, acquiringOrderIds);
  const place = new Map(acquiringOrderIds.map((id, index) => [id, index]));
  const placeOf = ({ acquiringOrderId }: Order) => place.get(acquiringOrderId) ?? 0;
  return found.sort((a, b) => placeOf(a) - placeOf(b));
}

/** What the operations that end or move an order answer. */
export const endingOf = ({ paymentRequestId, merchantOrderId, acquiringOrderId, status }: Order) => ({
  paymentRequestId,
  merchantOrderId,
  acquiringOrderId,
  orderStatus: status,
});
