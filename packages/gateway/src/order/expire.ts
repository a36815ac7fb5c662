/**
 * Job: ends an order by the clock. A shopper who has not paid in time finds it closed; an authorisation that nobody
 * captured is given back. What may have been charged is left to `payment/resolve-unknown`.
 */
import { endCheckout } from '../checkout/open.ts';
import type { Gateway } from '../gateway.ts';
import type { JobResult } from '../job/runner.ts';
import { authorizationLifetimeMs } from './expire-queue.ts';
import { findOrder, lockOrder } from './order.store.ts';
import type { Order, OrderFailure } from './order.ts';
import { closeOrder } from './settle.ts';
import { voidOrder } from './void.ts';

const late: OrderFailure = { code: 'EXPIRED', description: 'The shopper did not pay in time' };
const released: OrderFailure = {
  code: 'AUTHORIZATION_EXPIRED',
  description: 'The authorisation was not captured in time',
};

/** How long to wait before an authorisation that could not be given back is tried again. */
const againAfterMs = 3_600_000;

/** @param job - `payload.acquiringOrderId`; `payload.ends` is `authorization` when the merchant's time is over, not the shopper's */
export async function expireOrder(
  gateway: Gateway,
  job: { readonly merchantId: string; readonly payload: unknown; readonly attempts: number },
): Promise<JobResult> {
  const { acquiringOrderId, ends } = job.payload as { acquiringOrderId: string; ends?: 'authorization' };
  const again = { retryAt: new Date(gateway.clock.now().getTime() + againAfterMs) };
  const order = await findOrder(gateway.database, job.merchantId, acquiringOrderId);
  await endCheckout(gateway.database, { merchantId: job.merchantId, acquiringOrderId });
  if (order?.status === 'AUTHORIZATION_REQUIRED') await close(gateway, order);
  // A capture that is refused leaves an authorisation that somebody has to end.
  if (order?.status === 'CAPTURE_IN_PROGRESS') return again;
  if (order?.status !== 'AUTHED_WAITING_CAPTURE') return 'done';
  const heldUntil = new Date(order.updatedAt.getTime() + authorizationLifetimeMs);
  if (ends !== 'authorization' && gateway.clock.now() < heldUntil) return { retryAt: heldUntil };
  const result = order.cancelling ? undefined : await voidOrder(gateway, order, released);
  if (result?.kind !== 'performed' || result.outcome.kind === 'unknown') {
    return again;
  }
  // An acquirer that will not give it back lets it lapse: nothing was taken.
  if (result.outcome.kind === 'declined') await close(gateway, order);
  return 'done';
}

async function close(gateway: Gateway, { merchantId, acquiringOrderId }: Order): Promise<void> {
  await gateway.database.transaction(async (tx) => {
    const order = await lockOrder(tx, merchantId, acquiringOrderId);
    if (order?.status === 'AUTHED_WAITING_CAPTURE') await closeOrder(gateway, tx, order, 'voided', released);
    const due = order !== undefined && order.expiresAt <= gateway.clock.now();
    if (due && order.status === 'AUTHORIZATION_REQUIRED') await closeOrder(gateway, tx, order, 'closed', late);
  });
  gateway.nudge();
}
