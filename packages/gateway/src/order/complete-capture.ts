/** Job: a captured order is paid. Written when the acquirer approved the capture. */
import type { Gateway } from '../gateway.ts';
import type { JobResult } from '../job/runner.ts';
import { lockOrder, saveOrder } from './order.store.ts';
import { advance } from './order.ts';
import { notifyOrder } from './settle.ts';

/** @param job - `payload.acquiringOrderId` */
export async function completeCapture(
  gateway: Gateway,
  job: { readonly merchantId: string; readonly payload: unknown },
): Promise<JobResult> {
  const { acquiringOrderId } = job.payload as { acquiringOrderId: string };
  await gateway.database.transaction(async (tx) => {
    const order = await lockOrder(tx, job.merchantId, acquiringOrderId);
    if (order?.status !== 'CAPTURE_IN_PROGRESS' || order.capturedMinor === 0n) return;
    const paid = advance(order, 'captured', gateway.clock.now());
    await saveOrder(tx, paid, order.status);
    await notifyOrder(gateway, tx, paid);
  });
  gateway.nudge();
  return 'done';
}
