/** `POST /refund/inquiry`: the present state of a refund. Another merchant's refund does not exist. */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/refund';
import type { MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { orderNamed } from '../order/find.ts';
import { recordOf } from './record.ts';
import { findRefund, findRefundByRequest } from './refund.store.ts';

type Input = RequestOf<typeof operations.inquiry>;
type Data = DataOf<typeof operations.inquiry>;

export async function inquiry(gateway: Gateway, caller: MerchantCaller, input: Input): Promise<Data> {
  const { refundRequestId, acquiringRefundOrderId } = input;
  const { merchantId } = caller.merchant;
  if (!refundRequestId && !acquiringRefundOrderId) {
    throw new Fault('PARAMETER_INVALID', 'refundRequestId: give this or acquiringRefundOrderId');
  }
  const refund = acquiringRefundOrderId
    ? await findRefund(gateway.database, merchantId, acquiringRefundOrderId)
    : await findRefundByRequest(gateway.database, merchantId, refundRequestId ?? '');
  const mismatch = refundRequestId && refund?.refundRequestId !== refundRequestId;
  if (refund === undefined || mismatch) throw new Fault('ORDER_NOT_FOUND', 'The refund does not exist.');
  const { acquiringOrderId } = refund;
  return recordOf(refund, await orderNamed(gateway, merchantId, { acquiringOrderId }));
}
