/** `POST /subscription/change/inquiry`: how a change stands. */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/subscription-change';
import type { MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { changeRecordOf } from './change-record.ts';
import { subscriptionNamed } from './find.ts';

type Input = RequestOf<typeof operations.changeInquiry>;
type Data = DataOf<typeof operations.changeInquiry>;

export async function changeInquiry(gateway: Gateway, { merchant }: MerchantCaller, input: Input): Promise<Data> {
  const { subscriptionRequest, originSubscriptionRequest } = input;
  const heir = await subscriptionNamed(gateway, merchant.merchantId, { subscriptionRequest });
  if (heir.echo.change?.originSubscriptionRequest !== originSubscriptionRequest) {
    throw new Fault(
      'ORDER_NOT_FOUND',
      'originSubscriptionRequest: this subscription did not take the place of that one',
    );
  }
  return changeRecordOf(heir);
}
