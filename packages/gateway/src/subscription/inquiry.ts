/** `POST /subscription/inquiry`: the present state of a subscription, with its payments when they are asked for. */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/subscription';
import type { MerchantCaller } from '../caller.ts';
import type { Gateway } from '../gateway.ts';
import { subscriptionNamed } from './find.ts';
import { paymentsOf } from './payments.ts';
import { recordOf } from './record.ts';

type Input = RequestOf<typeof operations.inquiry>;
type Data = DataOf<typeof operations.inquiry>;

export async function inquiry(gateway: Gateway, { merchant }: MerchantCaller, input: Input): Promise<Data> {
  const subscription = await subscriptionNamed(gateway, merchant.merchantId, input);
  if (input.paymentDetails !== 1) return recordOf(subscription);
  return recordOf(subscription, await paymentsOf(gateway.database, subscription));
}
