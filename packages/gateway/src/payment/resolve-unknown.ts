/**
 * Job: asks the acquirer what became of a call whose outcome is not known, because it did not answer or because we
 * died before we could write the answer down. Only asks, never calls again. Every attempt ends here if nowhere else.
 */
import type { Outcome } from '../connector/outcome.ts';
import type { Gateway } from '../gateway.ts';
import type { JobResult } from '../job/runner.ts';
import type { Tx } from '../storage/database.ts';
import { askAcquirer } from './ask.ts';
import { findAttempt, recordOutcomes } from './attempt.store.ts';
import { type Attempt, replaceable, type Subject } from './attempt.ts';
import { conclude } from './conclude.ts';
import { discountTry } from './count-try.ts';
import { inTime } from './deadline.ts';

/** Which function of which module carries an outcome on, by the kind of subject. */
export type Settlers = Readonly<
  Record<Subject['kind'], (gateway: Gateway, tx: Tx, attempt: Attempt, outcome: Outcome) => Promise<unknown>>
>;

/** Waits between inquiries, in ms; the last one repeats. */
const waits = [60_000, 300_000, 1_800_000, 3_600_000];

/**
 * @param settlers - handed in by `jobs.ts`, so that payment need not know who uses it
 * @param job - `payload.attemptId`; `attempts` counts earlier inquiries
 */
export async function resolveUnknown(
  gateway: Gateway,
  settlers: Settlers,
  job: { readonly merchantId: string; readonly payload: unknown; readonly attempts: number },
): Promise<JobResult> {
  const { attemptId } = job.payload as { attemptId: string };
  const attempt = await findAttempt(gateway.database, job.merchantId, attemptId);
  if (attempt === undefined || !replaceable.includes(attempt.status)) return 'done';
  const { merchantId, connector } = attempt;
  const answer = await askAcquirer(gateway, { merchantId, connector, verb: 'inquire' }, () =>
    inTime(gateway.connectors.named(connector).inquire(attemptId)),
  );
  const now = gateway.clock.now();
  if (answer.kind === 'unknown') {
    // Whoever repeats the request meanwhile is told so, and does not wait for a call that is long over.
    await gateway.database.transaction((tx) =>
      recordOutcomes(tx, [{ merchantId: job.merchantId, attemptId, outcome: answer, now }]),
    );
    return { retryAt: new Date(now.getTime() + (waits[Math.min(job.attempts, waits.length - 1)] ?? 0)) };
  }
  const outcome: Outcome = answer.kind === 'never' ? { kind: 'declined', reason: 'NEVER_RECEIVED' } : answer;
  await gateway.database.transaction(async (tx) => {
    const recorded = await conclude(tx, attempt, outcome, now);
    if (recorded) await settlers[attempt.subject.kind](gateway, tx, attempt, outcome);
  });
  await discountTry(gateway, attemptId, outcome);
  gateway.nudge();
  return 'done';
}
