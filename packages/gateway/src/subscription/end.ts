/** Ends a subscription before its time: the merchant's doing, its shopper's, its heir's, or its card's. */
import type { Gateway } from '../gateway.ts';
import type { Tx } from '../storage/database.ts';
import { notifySubscription } from './notification.ts';
import { lockSubscription, saveSubscription } from './subscription.store.ts';
import { advance, type Subscription } from './subscription.ts';

type Named = Pick<Subscription, 'merchantId' | 'subscriptionId'>;

/**
 * Nothing more is charged; a charge on its way is not taken back.
 *
 * @param event - `cancelled` by the merchant, `left` by the shopper
 * @returns the subscription as it is now; one that is not ACTIVE stays as it was
 */
export async function endSubscription(
  gateway: Gateway,
  named: Named,
  event: 'cancelled' | 'left',
): Promise<Subscription> {
  const ended = await gateway.database.transaction((tx) => endIn(gateway, tx, named, event));
  gateway.nudge();
  return ended;
}

/** The same, in a transaction that does something else, too. */
export async function endIn(
  gateway: Gateway,
  tx: Tx,
  { merchantId, subscriptionId }: Named,
  event: 'cancelled' | 'left' | 'lapsed',
): Promise<Subscription> {
  const open = await lockSubscription(tx, merchantId, subscriptionId);
  if (open === undefined) throw new Error('a subscription that was just read is not there');
  if (open.status !== 'ACTIVE') return open;
  const ended = advance(open, event, gateway.clock.now());
  await saveSubscription(tx, ended, open.status);
  await notifySubscription(gateway, tx, ended, 'SUBSCRIPTION_STATUS_NOTIFICATION');
  return ended;
}
