/**
 * A subscription that begins with a free trial, and whose shopper has not named a card yet: he gives one on the page of the
 * subscription, his bank confirms him, and the trial begins. Nothing is charged before, so the card is bound, not paid with.
 */
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { enqueue } from '../job/queue.ts';
import type { JobResult } from '../job/runner.ts';
import { defaultLifetimeMs } from '../order/check.ts';
import { insertLink } from './link.store.ts';
import { linkTo } from './manage.ts';
import { notifySubscription } from './notification.ts';
import { insertSubscription, lockSubscription, saveSubscription } from './subscription.store.ts';
import { advance, type Subscription } from './subscription.ts';
import { waitsForCard } from './takes-card.ts';

const late = { code: 'EXPIRED', description: 'The shopper gave no card in time' };

/**
 * Writes the subscription, with the address at which its shopper gives his card.
 *
 * @param expiresAt - until when; four hours when absent
 * @returns undefined when another request with this id was faster
 */
export async function offerFree(
  gateway: Gateway,
  subscription: Subscription,
  expiresAt: Date | undefined,
): Promise<Subscription | undefined> {
  const now = gateway.clock.now();
  const { merchantId, subscriptionId } = subscription;
  const dueAt = expiresAt ?? new Date(now.getTime() + defaultLifetimeMs);
  const { link, url } = linkTo(gateway, subscription, dueAt);
  const echo = { ...subscription.echo, webUrl: url };
  const waiting = { ...subscription, status: 'AUTHORIZATION_REQUIRED', echo } as const;
  const isFirst = await gateway.database.transaction(async (tx) => {
    if (!(await insertSubscription(tx, waiting))) return false;
    await insertLink(tx, link, now);
    await enqueue(tx, { kind: 'subscription/expire-offer', merchantId, payload: { subscriptionId }, dueAt, now });
    return true;
  });
  return isFirst ? waiting : undefined;
}

/** Nothing is charged with it that could verify it. */
export const bareCardIsFree = (): Fault =>
  new Fault(
    'TOKEN_UNVERIFIED',
    'cardInfo: a free trial charges nothing that could verify it; give a tokenId that is VERIFIED, or neither: then the shopper gives his card at the webUrl of subscriptionAction',
  );

/** Job: a shopper who gave no card in time has not subscribed. @param job - `payload.subscriptionId` */
export async function expireOffer(
  gateway: Gateway,
  job: { readonly merchantId: string; readonly payload: unknown },
): Promise<JobResult> {
  const { subscriptionId } = job.payload as { subscriptionId: string };
  await gateway.database.transaction(async (tx) => {
    const open = await lockSubscription(tx, job.merchantId, subscriptionId);
    if (open === undefined || !waitsForCard(open)) return;
    const closed = advance(open, 'refused', gateway.clock.now(), late);
    await saveSubscription(tx, closed, open.status);
    await notifySubscription(gateway, tx, closed, 'SUBSCRIPTION_STATUS_NOTIFICATION');
  });
  gateway.nudge();
  return 'done';
}
