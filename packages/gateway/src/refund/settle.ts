/** Carries the outcome of a refund on: its last status, what the order can still pay back, and the notification. */
import { declineReasons } from '../connector/declines.ts';
import type { Outcome } from '../connector/outcome.ts';
import type { Gateway } from '../gateway.ts';
import type { Order } from '../order/order.ts';
import { returnRefund, takeRefund } from '../order/refundable.ts';
import type { Attempt } from '../payment/attempt.ts';
import type { Tx } from '../storage/database.ts';
import { notify } from '../webhook/notify.ts';
import { recordOf } from './record.ts';
import { findRefund, saveRefund } from './refund.store.ts';
import { advance, type Refund } from './refund.ts';

/**
 * @param tx - the transaction that records the attempt's outcome
 * @returns the refund as it is now; an unknown outcome leaves it as it was
 */
export async function settleRefund(
  gateway: Gateway,
  tx: Tx,
  { merchantId, subject }: Pick<Attempt, 'merchantId' | 'subject'>,
  outcome: Outcome,
): Promise<Refund> {
  const refund = await findRefund(tx, merchantId, subject.id);
  if (refund === undefined) throw new Error('an attempt names a refund that is not there');
  if (outcome.kind === 'unknown' || refund.status !== 'REFUND_IN_PROGRESS') return refund;
  const now = gateway.clock.now();
  if (outcome.kind === 'declined') {
    const failure = { code: outcome.reason, description: declineReasons[outcome.reason] };
    return end(gateway, tx, refund, advance(refund, 'refused', now, failure), await returnRefund(tx, refund));
  }
  const order = await takeRefund(tx, refund);
  const last = order.refundedMinor === order.capturedMinor;
  return end(gateway, tx, refund, advance(refund, last ? 'refunded-last' : 'refunded', now), order);
}

async function end(gateway: Gateway, tx: Tx, before: Refund, after: Refund, order: Order): Promise<Refund> {
  if (!(await saveRefund(tx, after, before.status))) throw new Error('a refund changed under its own attempt');
  const { merchantId, acquiringRefundOrderId, notifyUrl } = after;
  if (notifyUrl === undefined) return after;
  const about = { merchantId, objectId: acquiringRefundOrderId, notifyUrl };
  const result = recordOf(after, order);
  await notify(tx, { now: gateway.clock.now() }, { ...about, eventType: 'REFUND_NOTIFICATION', result });
  return after;
}
