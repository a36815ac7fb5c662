/** Carries the outcome of a charge on: the order's last status, the token it verified, and the notification. */
import { declineReasons } from '../connector/declines.ts';
import type { Outcome } from '../connector/outcome.ts';
import type { Gateway } from '../gateway.ts';
import type { Tx } from '../storage/database.ts';
import { authenticateToken } from '../tokenization/charge.ts';
import { notify } from '../webhook/notify.ts';
import { findOrder, saveOrder } from './order.store.ts';
import { advance, type Order } from './order.ts';
import { recordOf } from './record.ts';

/**
 * @param tx - the transaction that records the attempt's outcome
 * @returns the order as it is now; an unknown outcome leaves it as it was
 */
export async function settleOrder(
  gateway: Gateway,
  tx: Tx,
  merchantId: string,
  acquiringOrderId: string,
  outcome: Outcome,
): Promise<Order> {
  const order = await findOrder(tx, merchantId, acquiringOrderId);
  if (order === undefined) throw new Error('an attempt names an order that is not there');
  if (outcome.kind === 'unknown' || order.status !== 'PAY_IN_PROGRESS') return order;
  const now = gateway.clock.now();
  const settled =
    outcome.kind === 'approved'
      ? advance(order, 'paid', now)
      : advance(order, 'declined', now, { code: outcome.reason, description: declineReasons[outcome.reason] });
  if (!(await saveOrder(tx, settled, order.status))) throw new Error('an order changed under its own attempt');
  await notify(
    tx,
    { now },
    {
      merchantId,
      objectId: acquiringOrderId,
      eventType: 'PAYMENT_NOTIFICATION',
      notifyUrl: order.notifyUrl,
      result: recordOf(settled),
    },
  );
  if (outcome.kind === 'approved' && order.initiator === 'CIT') {
    await authenticateToken(gateway, tx, merchantId, order.tokenId);
  }
  return settled;
}
