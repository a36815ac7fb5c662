/** Gives an authorisation back: the merchant cancels, or its time is over. Nothing is captured any more from the first step on. */
import type { Outcome } from '../connector/outcome.ts';
import type { Gateway } from '../gateway.ts';
import { chargeOf, performFollowUp } from '../payment/perform.ts';
import { lockOrder, saveOrder } from './order.store.ts';
import type { Order, OrderFailure } from './order.ts';
import { settleOrder } from './settle.ts';

/**
 * @param failure - why the order closes, when it does
 * @returns what came of it; `not-begun` when the order was not waiting for its capture any more
 */
export async function voidOrder(
  gateway: Gateway,
  order: Order,
  failure: OrderFailure,
): Promise<
  { readonly kind: 'performed'; readonly outcome: Outcome; readonly order: Order } | { readonly kind: 'other' }
> {
  const { merchantId, acquiringOrderId, currency, amountMinor, amount } = order;
  const subject = { kind: 'order', id: acquiringOrderId } as const;
  const charge = await chargeOf(gateway, merchantId, subject);
  if (charge === undefined) throw new Error('an authorised order has no charge');
  const intent = { merchantId, subject, verb: 'void', currency, amountMinor, amount, charge } as const;
  const result = await performFollowUp(gateway, intent, {
    async begin(tx) {
      const now = await lockOrder(tx, merchantId, acquiringOrderId);
      if (now?.status !== 'AUTHED_WAITING_CAPTURE' || now.cancelling) return false;
      return saveOrder(tx, { ...now, cancelling: true, failure, updatedAt: gateway.clock.now() }, now.status);
    },
    settle: (tx, outcome) => settleOrder(gateway, tx, intent, outcome),
  });
  return result.kind === 'performed'
    ? { kind: 'performed', outcome: result.outcome, order: result.settled }
    : { kind: 'other' };
}
