/** Tells the merchant of a subscription: its status, and its periods (contract section 18.4). */
import type { Gateway } from '../gateway.ts';
import type { Tx } from '../storage/database.ts';
import { notify } from '../webhook/notify.ts';
import { changeRecordOf } from './change-record.ts';
import { paymentsOf } from './payments.ts';
import { recordOf } from './record.ts';
import type { Subscription } from './subscription.ts';

/** Tells how a change ended. */
export async function notifyChange(gateway: Pick<Gateway, 'clock'>, tx: Tx, heir: Subscription): Promise<void> {
  const { merchantId, subscriptionId, notifyUrl } = heir;
  const eventType = 'SUBSCRIPTION_CHANGE_NOTIFICATION';
  const result = changeRecordOf(heir);
  await notify(
    tx,
    { now: gateway.clock.now() },
    { merchantId, objectId: subscriptionId, eventType, notifyUrl, result },
  );
}

export async function notifySubscription(
  gateway: Pick<Gateway, 'clock'>,
  tx: Tx,
  subscription: Subscription,
  eventType: 'SUBSCRIPTION_STATUS_NOTIFICATION' | 'SUBSCRIPTION_PERIOD_CHANGED_NOTIFICATION',
): Promise<void> {
  const { merchantId, subscriptionId, notifyUrl } = subscription;
  const result = recordOf(subscription, await paymentsOf(tx, subscription));
  await notify(
    tx,
    { now: gateway.clock.now() },
    { merchantId, objectId: subscriptionId, eventType, notifyUrl, result },
  );
}
