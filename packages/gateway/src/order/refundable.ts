/**
 * What a refund may take from an order. The order's row is locked and counted first, so that refunds which come together
 * never pay back more than was captured; a refused refund gives its part back.
 */
import type { PayMethod } from '../connector/connector.ts';
import { Fault } from '../fault.ts';
import type { Tx } from '../storage/database.ts';
import { lockOrder, saveOrder } from './order.store.ts';
import { type Order, refundableMinor, refundExpiryOf } from './order.ts';

const mostRefunds = 50;

interface Part {
  readonly merchantId: string;
  readonly acquiringOrderId: string;
  readonly amountMinor: bigint;
}

/**
 * Sets a part aside for a refund.
 *
 * @param terms.refundedOnce - see `PayMethod`
 * @throws Fault REFUND_NOT_ALLOWED (not paid, too late, too much) or REFUND_COUNT_EXCEEDED; the message says which
 */
export async function reserveRefund(
  tx: Tx,
  part: Part,
  now: Date,
  { refundedOnce = false }: Pick<PayMethod, 'refundedOnce'> = {},
): Promise<Order> {
  const order = await locked(tx, part);
  if (order.status !== 'PAY_SUCCESS' || order.completedAt === undefined) {
    throw new Fault('REFUND_NOT_ALLOWED', `The order is ${order.status}; only a paid order can be refunded.`);
  }
  if (now > refundExpiryOf(order.completedAt)) {
    throw new Fault('REFUND_NOT_ALLOWED', 'The refund period of the order is over (refundExpiryAt).');
  }
  if (refundedOnce && order.refundCount > 0) {
    throw new Fault('REFUND_NOT_ALLOWED', 'The payment method allows one refund of an order, and there is one.');
  }
  if (order.refundCount >= mostRefunds) throw new Fault('REFUND_COUNT_EXCEEDED');
  if (part.amountMinor > refundableMinor(order)) {
    throw new Fault('REFUND_NOT_ALLOWED', 'refundAmount: more than remainingRefundAmount of the order');
  }
  return save(tx, {
    ...order,
    refundingMinor: order.refundingMinor + part.amountMinor,
    refundCount: order.refundCount + 1,
  });
}

/** The part was paid back. @returns the order; when all of it was paid back, `refundedMinor` is `capturedMinor` */
export async function takeRefund(tx: Tx, part: Part): Promise<Order> {
  const order = await locked(tx, part);
  return save(tx, {
    ...order,
    refundingMinor: order.refundingMinor - part.amountMinor,
    refundedMinor: order.refundedMinor + part.amountMinor,
  });
}

/** The part was not paid back, and can be refunded again. */
export async function returnRefund(tx: Tx, part: Part): Promise<Order> {
  const order = await locked(tx, part);
  return save(tx, {
    ...order,
    refundingMinor: order.refundingMinor - part.amountMinor,
    refundCount: order.refundCount - 1,
  });
}

async function locked(tx: Tx, { merchantId, acquiringOrderId }: Part): Promise<Order> {
  const order = await lockOrder(tx, merchantId, acquiringOrderId);
  if (order === undefined) throw new Fault('ORDER_NOT_FOUND');
  return order;
}

async function save(tx: Tx, order: Order): Promise<Order> {
  if (!(await saveOrder(tx, order, order.status))) throw new Error('an order changed under its own lock');
  return order;
}
