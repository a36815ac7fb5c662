/**
 * Tells a merchant of a transition. The notification is written in the transaction of the transition itself, as the very
 * bytes that will be signed and sent; `webhook/deliver.ts` sends them. It must never send anything, and never be given
 * card data.
 */
import type {
  PaymentNotification,
  RefundNotification,
  SubscriptionNotification,
  TokenizationNotification,
} from '@waffo/protocol/notifications';
import { newRowId } from '../id.ts';
import { enqueueAll } from '../job/queue.ts';
import type { Tx } from '../storage/database.ts';
import { insertEvents } from './outbox.store.ts';
import { hostIn } from './request.ts';

export type Notification = (
  | TokenizationNotification
  | PaymentNotification
  | RefundNotification
  | SubscriptionNotification
) & {
  readonly merchantId: string;
  /** The object that it is about: notifications of one object leave in the order in which they were written. */
  readonly objectId: string;
  /** Absolute URL, checked with `egress.check` when the merchant gave it. */
  readonly notifyUrl: string;
};

/**
 * Writes a notification and the job that delivers it. Nudge after the commit.
 *
 * @param notification.result - the inquiry's data of the same object (contract 18.4)
 * @returns the event id, the `webhook-id` of all its deliveries
 * @example await notify(tx, { now }, { merchantId, objectId: orderId, eventType: 'PAYMENT_NOTIFICATION', notifyUrl, result })
 */
export async function notify(tx: Tx, { now }: { readonly now: Date }, notification: Notification): Promise<string> {
  const [eventId = ''] = await notifyAll(tx, [{ now, ...notification }]);
  return eventId;
}

/** The same for several; those of one object leave in the order in which they are given. */
export async function notifyAll(
  tx: Tx,
  notifications: readonly (Notification & { readonly now: Date })[],
): Promise<string[]> {
  const events = notifications.map(({ merchantId, objectId, notifyUrl, eventType, result, now }) => {
    const body = Buffer.from(JSON.stringify({ eventType, result }));
    return { merchantId, eventId: newRowId(), eventType, objectId, notifyUrl, body, createdAt: now };
  });
  const jobs = events.map(({ merchantId, eventId, objectId, notifyUrl, createdAt: now }) => {
    const host = hostIn(notifyUrl);
    return {
      kind: 'webhook/deliver',
      merchantId,
      lane: objectId,
      payload: { eventId },
      dueAt: now,
      now,
      ...(host !== undefined && { host }),
    };
  });
  await Promise.all([insertEvents(tx, events), enqueueAll(tx, jobs)]);
  return events.map(({ eventId }) => eventId);
}
