/** `POST /order/inquiry`: the present state of an order. */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/order';
import type { MerchantCaller } from '../caller.ts';
import type { Gateway } from '../gateway.ts';
import { orderNamed } from './find.ts';
import { recordOf } from './record.ts';

type Input = RequestOf<typeof operations.inquiry>;
type Data = DataOf<typeof operations.inquiry>;

export async function inquiry(gateway: Gateway, caller: MerchantCaller, input: Input): Promise<Data> {
  return recordOf(await orderNamed(gateway, caller.merchant.merchantId, input));
}
