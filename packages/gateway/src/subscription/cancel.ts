/** `POST /subscription/cancel`: ends a subscription at once. A charge on its way is not taken back; no other follows. */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/subscription';
import type { MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { endSubscription } from './end.ts';
import { subscriptionNamed } from './find.ts';

type Input = RequestOf<typeof operations.cancel>;
type Data = DataOf<typeof operations.cancel>;

export async function cancel(gateway: Gateway, { merchant }: MerchantCaller, input: Input): Promise<Data> {
  const named = await subscriptionNamed(gateway, merchant.merchantId, { subscriptionId: input.subscriptionId });
  const ended = await endSubscription(gateway, named, 'cancelled');
  gateway.nudge();
  // An amount of the unknown kind takes effect if anything does, and is not answered, as everywhere.
  const { unknown } = gateway.connectors.of(named.merchantId).screen(named.terms.amount);
  if (unknown) throw new Fault('STATUS_UNKNOWN');
  if (ended.status !== 'MERCHANT_CANCELLED') {
    throw new Fault('CANCEL_REJECTED', `The subscription is ${ended.status}; only an ACTIVE one can end.`);
  }
  return {
    merchantSubscriptionId: ended.merchantSubscriptionId,
    subscriptionRequest: ended.subscriptionRequest,
    subscriptionId: ended.subscriptionId,
    orderStatus: ended.status,
  };
}
