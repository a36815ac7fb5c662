/** Job: destroys the private key of a session that expired unused, so that what was encrypted to it stays closed. */
import type { Gateway } from '../gateway.ts';
import type { JobResult } from '../job/runner.ts';
import { forgetSessionKey } from './session.store.ts';

export async function expireSession(
  gateway: Gateway,
  job: { readonly merchantId: string; readonly payload: unknown },
): Promise<JobResult> {
  const { tokenRequestId, sessionId } = job.payload as { tokenRequestId: string; sessionId: string };
  await forgetSessionKey(
    gateway.database,
    { merchantId: job.merchantId, tokenRequestId, sessionId },
    gateway.clock.now(),
  );
  return 'done';
}
