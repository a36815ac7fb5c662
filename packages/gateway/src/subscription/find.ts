/** Finds the subscription that a request names. Another merchant's subscription does not exist. */
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { findSubscription, findSubscriptionByRequest } from './subscription.store.ts';
import type { Subscription } from './subscription.ts';

/**
 * @param named.subscriptionRequest - this or `subscriptionId`; when both are given they must name one subscription
 * @throws Fault PARAMETER_INVALID when neither is given, ORDER_NOT_FOUND
 */
export async function subscriptionNamed(
  { database }: Pick<Gateway, 'database'>,
  merchantId: string,
  named: { readonly subscriptionRequest?: string | undefined; readonly subscriptionId?: string | undefined },
): Promise<Subscription> {
  const { subscriptionRequest, subscriptionId } = named;
  if (!subscriptionRequest && !subscriptionId) {
    throw new Fault('PARAMETER_INVALID', 'subscriptionRequest: give this or subscriptionId');
  }
  const subscription = subscriptionId
    ? await findSubscription(database, merchantId, subscriptionId)
    : await findSubscriptionByRequest(database, merchantId, subscriptionRequest ?? '');
  const mismatch = subscriptionRequest && subscription?.subscriptionRequest !== subscriptionRequest;
  if (subscription === undefined || mismatch) throw new Fault('ORDER_NOT_FOUND', 'Subscription does not exist');
  return subscription;
}
