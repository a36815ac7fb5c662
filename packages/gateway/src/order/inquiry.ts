/** `POST /order/inquiry`: the present state of an order. Another merchant's order does not exist. */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/order';
import type { MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { findOrder, findOrderByRequest } from './order.store.ts';
import { recordOf } from './record.ts';

type Input = RequestOf<typeof operations.inquiry>;
type Data = DataOf<typeof operations.inquiry>;

export async function inquiry({ database }: Gateway, caller: MerchantCaller, input: Input): Promise<Data> {
  const { paymentRequestId, acquiringOrderId } = input;
  const { merchantId } = caller.merchant;
  if (!paymentRequestId && !acquiringOrderId) {
    throw new Fault('PARAMETER_INVALID', 'paymentRequestId: give this or acquiringOrderId');
  }
  const order = acquiringOrderId
    ? await findOrder(database, merchantId, acquiringOrderId)
    : await findOrderByRequest(database, merchantId, paymentRequestId ?? '');
  const mismatch = paymentRequestId && order?.paymentRequestId !== paymentRequestId;
  if (order === undefined || mismatch) throw new Fault('ORDER_NOT_FOUND');
  return recordOf(order);
}
