/**
 * The way into the queue. A job is written in the transaction that makes it necessary, so that neither exists without
 * the other; `job/runner.ts` does it later. It must never do the work itself.
 */
import type { Sql, Tx } from '../storage/database.ts';
import {
  deleteWaiting,
  findOldestDue,
  hastenJobs,
  insertJobs,
  insertStandingJob,
  type NewJob,
  type WaitingJob,
} from './job.store.ts';

/** Tells the runner of this process to look now. Call it after the commit; without it work is found at the next poll. */
export type Nudge = () => void;

/**
 * Queues a job; it is run at least once, and again until it says that it is done.
 *
 * @param job.kind - a row of `jobs.ts`: the path of the file that does it, e.g. `webhook/deliver`
 * @param job.lane - jobs of one merchant and one lane run in the order in which they were queued; a later one waits until
 *   the earlier has ended or has been tried three times
 * @param job.host - whom it waits for; jobs that wait for one host never take the places of all others
 * @param job.payload - JSON, ids only: never card data, never secrets
 * @param job.dueAt - not before this moment
 * @param job.now - the clock's present moment
 * @example await enqueue(tx, { kind: 'webhook/deliver', merchantId, lane: orderId, payload: { eventId }, dueAt: now, now })
 */
export const enqueue = (tx: Tx, job: NewJob): Promise<void> => insertJobs(tx, [job]);

/** The same for several; those of one lane run in the order in which they are given. */
export const enqueueAll = (tx: Tx, jobs: readonly NewJob[]): Promise<void> => insertJobs(tx, jobs);

/**
 * Makes a job that waits due now; it keeps its place in its lane. One that runs is not touched.
 *
 * @returns whether there was one
 * @example await hasten(tx, { kind: 'webhook/deliver', merchantId, lane: orderId, payload: { eventId }, change: { round: 2 }, now })
 */
export const hasten = async (tx: Tx, job: WaitingJob): Promise<boolean> => (await hastenJobs(tx, job)) > 0;

/**
 * Takes jobs back that have become needless, each the only one of its lane. One that runs is not touched: it must find out for itself.
 *
 * @example await withdraw(tx, 'payment/resolve-unknown', [{ merchantId, lane: attemptId }])
 */
export const withdraw = (
  tx: Tx,
  kind: string,
  jobs: readonly { readonly merchantId: string; readonly lane: string }[],
): Promise<void> => deleteWaiting(tx, kind, jobs);

/** How long the work that is due has been waiting to be done, in ms; 0 when there is none. */
export async function queueLagMs(sql: Sql, now: Date): Promise<number> {
  const due = await findOldestDue(sql, now);
  return due === undefined ? 0 : now.getTime() - due.getTime();
}

/**
 * Makes sure that the system's own jobs are there, each once, whatever processes start at the same time. They belong to no
 * merchant and never end: they answer when to run again.
 *
 * @param kinds - rows of `jobs.ts`
 */
export async function ensureStanding(sql: Sql, kinds: readonly string[], now: Date): Promise<void> {
  for (const kind of kinds) await insertStandingJob(sql, kind, now);
}
