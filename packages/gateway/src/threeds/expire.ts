/** Jobs: the end of a challenge that nobody finished, and of a CVV that waited for one. */
import type { Gateway } from '../gateway.ts';
import type { JobResult } from '../job/runner.ts';
import { dropCvv } from '../vault/cvv-hold.ts';
import { findAuthentication } from './authentication.store.ts';
import { isOpen } from './authentication.ts';
import { expireNow, type Takers } from './complete.ts';

interface ThreeDsJob {
  readonly merchantId: string;
  readonly payload: unknown;
}

const idOf = ({ payload }: ThreeDsJob): string => (payload as { authenticationId: string }).authenticationId;

/** @param takers - handed in by `jobs.ts`, so that 3-D Secure need not know who uses it */
export async function expire(gateway: Gateway, takers: Takers, job: ThreeDsJob): Promise<JobResult> {
  const authentication = await findAuthentication(gateway.database, idOf(job));
  if (authentication !== undefined && isOpen(authentication)) await expireNow(gateway, takers, authentication);
  return 'done';
}

/** Drops the CVV of an authentication, whatever became of it. */
export async function dropHeldCvv(gateway: Gateway, job: ThreeDsJob): Promise<JobResult> {
  await dropCvv(gateway.database, { merchantId: job.merchantId, holdId: idOf(job) });
  return 'done';
}
