/** `POST /order/capture`: takes an authorised amount, or a part of it, once. */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type { capture as operation } from '@waffo/protocol/operations/order-capture';
import type { MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { chargeOf, performFollowUp } from '../payment/perform.ts';
import { minorUnitsOf } from './amount.ts';
import { endingOf, orderNamed } from './find.ts';
import { lockOrder, saveOrder } from './order.store.ts';
import { advance, type Order } from './order.ts';
import { settleOrder } from './settle.ts';

type Input = RequestOf<typeof operation>;
type Data = DataOf<typeof operation>;

export async function capture(gateway: Gateway, caller: MerchantCaller, input: Input): Promise<Data> {
  const { merchantId } = caller.merchant;
  const order = await orderNamed(gateway, merchantId, input);
  const { acquiringOrderId, currency } = order;
  if (order.captureMode !== 'MANUAL') {
    throw new Fault('CAPTURE_NOT_SUPPORTED', 'The order was created without captureMode manualCapture.');
  }
  refuseState(order);
  const amountMinor = minorUnitsOf(gateway, order, { amount: input.captureAmount, member: 'captureAmount' });
  if (amountMinor > order.amountMinor) {
    throw new Fault('AMOUNT_OUT_OF_RANGE', 'captureAmount: at most the orderAmount that was authorised');
  }
  const subject = { kind: 'order', id: acquiringOrderId } as const;
  const charge = await chargeOf(gateway, merchantId, subject);
  if (charge === undefined) throw new Error('an authorised order has no charge');
  const amount = input.captureAmount;
  const intent = { merchantId, subject, verb: 'capture', currency, amountMinor, amount, charge } as const;
  const result = await performFollowUp(gateway, intent, {
    async begin(tx) {
      const present = await lockOrder(tx, merchantId, acquiringOrderId);
      if (present === undefined) return false;
      refuseState(present);
      return saveOrder(tx, advance(present, 'capture-sent', gateway.clock.now()), present.status);
    },
    settle: (tx, outcome) => settleOrder(gateway, tx, intent, outcome),
  });
  if (result.kind !== 'performed') return endingOf(await orderNamed(gateway, merchantId, { acquiringOrderId }));
  if (result.outcome.kind === 'unknown') throw new Fault('STATUS_UNKNOWN');
  if (result.outcome.kind === 'declined') {
    throw new Fault(result.outcome.reason === 'NOT_SUPPORTED' ? 'CAPTURE_NOT_SUPPORTED' : 'CHANNEL_REJECTED');
  }
  return endingOf(result.settled);
}

function refuseState({ status, cancelling }: Order): void {
  if (status === 'AUTHED_WAITING_CAPTURE' && !cancelling) return;
  const why = cancelling ? 'being cancelled' : status;
  throw new Fault('CAPTURE_NOT_ALLOWED', `The order is ${why}; what can be captured is AUTHED_WAITING_CAPTURE.`);
}
