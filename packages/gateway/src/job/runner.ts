/**
 * Runs what is due. It claims jobs into leases, runs them outside any transaction, and ends or reschedules each in one
 * statement. It sleeps until the next job is due, at most one poll long, because other processes queue work as well. It
 * asks only the clock it is given, so that a virtual clock moves everything. It never gives a job up: how often to try
 * is the job's own decision.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { newRowId } from '../id.ts';
import type { Log } from '../observe/log.ts';
import { traced } from '../observe/trace.ts';
import type { Database } from '../storage/database.ts';
import { claimJobs, findNextDue, finishJob, type Job, type Room, rescheduleJob, retryJob } from './job.store.ts';
import { openPassing } from './passing.ts';
import { openPlaces } from './places.ts';

export type { Job } from './job.store.ts';

/** `done` ends the job; `retryAt` tries it again, not before that moment. */
export type JobResult = 'done' | { readonly retryAt: Date };

/** What can be done, by kind. */
export type JobTable = Readonly<Record<string, { run(job: Job): Promise<JobResult> }>>;

export interface Runner {
  /** Looks for work now; returns at once. */
  nudge(): void;
  /** Runs everything that is due now, and what that makes due, until nothing is; answers how many jobs ended or were rescheduled. */
  drain(): Promise<number>;
  /** The next moment at which there is something to do, as far as is known. */
  nextDue(): Promise<Date | undefined>;
  /** Claims nothing more and waits for what runs, at most eight seconds; what runs longer is left to its lease. */
  stop(): Promise<void>;
}

export interface RunnerOptions {
  /** Jobs at a time, besides those that wait for somebody. */
  readonly concurrency?: number;
  /** Longest sleep, in ms of the clock. */
  readonly pollMs?: number;
}

interface Deps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

/** Longer than any job may take: the slowest waits 15 s for a receiver. */
const leaseMs = 60_000;
/** Keeps a runner that others are faster than from asking without end. */
const shortestSleepMs = 20;
const stopGraceMs = 8_000;
const firstBackOffMs = 1_000;
const longestBackOffMs = 3_600_000;

/**
 * Starts to run jobs.
 *
 * @param jobs - `jobs.ts`; kinds that are not in it are left alone
 * @example const runner = startRunner({ database, clock, log }, jobsOf(gateway));
 */
export function startRunner(deps: Deps, jobs: JobTable, options: RunnerOptions = {}): Runner {
  const { database, clock, log } = deps;
  const { concurrency = 64, pollMs = 1_000 } = options;
  const kinds = Object.keys(jobs);
  const places = openPlaces(clock, concurrency);
  let stopped = false;
  let lookIsQueued = false;
  let lastLook: Promise<unknown> = Promise.resolve();
  let timer: { cancel(): void } | undefined;
  let isFailing = false;
  const passing = openPassing(() => nudge());

  /** Claims as much as there is room for; answers how much that was. */
  async function fill(isThorough: boolean): Promise<number> {
    lookIsQueued = false;
    for (let claimed = 0; ; ) {
      const rooms = isThorough ? places.rooms() : passing.allowed(places.rooms());
      if (stopped || rooms.known.limit + rooms.strangers.limit === 0) return claimed;
      const now = clock.now();
      const lease = { leaseId: newRowId(), leasedUntil: later(now, leaseMs) };
      const batch = await passing.claim(rooms, () => claimJobs(database, { kinds, ...rooms, now, ...lease }));
      for (const job of batch) places.take(job, runJob(deps, jobs, job), nudge);
      claimed += batch.length;
      const strange = batch.filter(({ host }) => host !== undefined && !rooms.knownHosts.includes(host)).length;
      // Behind a room that was filled more may be due, of those who have a share left.
      if (!isFilled(rooms.known, batch.length - strange) && !isFilled(rooms.strangers, strange)) return claimed;
    }
  }

  /** One look at a time, or two would share the same room. */
  function look(isThorough = false): Promise<number> {
    const next = lastLook.then(() => fill(isThorough));
    lastLook = next.catch(() => {});
    return next;
  }

  async function wake(): Promise<void> {
    let sleepMs = pollMs;
    try {
      // What was just claimed ends soon, or the next look finds out how long to sleep.
      if ((await look()) > 0) sleepMs = shortestSleepMs;
      else if (!places.isCrowded()) {
        const now = clock.now();
        const due = await findNextDue(database, kinds, now, later(now, pollMs));
        if (due !== undefined) sleepMs = due.getTime() - clock.now().getTime();
      }
      isFailing = false;
    } catch (error) {
      if (!isFailing) log.error('the queue cannot be read; trying on', { error });
      isFailing = true;
    }
    timer?.cancel();
    if (!stopped) timer = clock.after(Math.min(pollMs, Math.max(shortestSleepMs, sleepMs)), nudge);
  }

  function nudge(): void {
    if (stopped || lookIsQueued) return;
    lookIsQueued = true;
    void wake();
  }

  nudge();
  return {
    nudge,
    drain: () => drain(places, () => look(true)),
    nextDue: () => findNextDue(database, kinds, clock.now()),
    async stop() {
      stopped = true;
      timer?.cancel();
      passing.stop();
      await lastLook;
      await Promise.race([places.allEnded(), pause(stopGraceMs, undefined, { ref: false })]);
    },
  };
}

async function drain(places: ReturnType<typeof openPlaces>, look: () => Promise<number>): Promise<number> {
  const first = places.ended();
  for (;;) {
    await places.allEnded();
    // What ends while we look may have made room or opened a lane that the look did not see.
    const before = places.ended();
    const found = await look();
    if (found === 0 && !places.isBusy() && places.ended() === before) return before - first;
  }
}

/** Never rejects: what cannot be written down is left to the lease. */
async function runJob(deps: Deps, jobs: JobTable, job: Job): Promise<void> {
  const { log } = deps;
  const { kind, merchantId, attempts } = job;
  const fields = { job: kind, merchantId, attempt: attempts + 1 };
  try {
    const result = await resultOf(deps, jobs, job);
    const isOurs = await end(deps, job, result);
    log.debug('a job ended', { jobOutcome: result === 'done' ? 'done' : 'again', ...fields });
    if (!isOurs) log.warn('a job took longer than its lease; somebody else has it now', fields);
  } catch (error) {
    log.error('the end of a job could not be recorded; it runs again when its lease is over', { ...fields, error });
  }
}

function end({ database, clock }: Deps, job: Job, result: JobResult | 'failed'): Promise<boolean> {
  if (result === 'done') return finishJob(database, job);
  if (result === 'failed') return retryJob(database, job, clock.now(), backOffMs(job.attempts));
  return rescheduleJob(database, job, result.retryAt);
}

async function resultOf({ log }: Deps, jobs: JobTable, job: Job): Promise<JobResult | 'failed'> {
  const { kind, merchantId, attempts } = job;
  try {
    const row = jobs[kind];
    if (row === undefined) throw new Error('a job was claimed that nobody can run');
    return await traced('job', { job: kind, merchantId, attempt: attempts + 1 }, () => row.run(job));
  } catch (error) {
    log.error('a job failed and will be tried again', { job: kind, merchantId, attempt: attempts + 1, error });
    return 'failed';
  }
}

/** Doubles from one second to one hour, and spreads by a quarter to either side. */
function backOffMs(attempts: number): number {
  const middle = Math.min(longestBackOffMs, firstBackOffMs * 2 ** attempts);
  return randomInt(Math.floor(middle * 0.75), Math.ceil(middle * 1.25));
}

const isFilled = ({ limit }: Room, count: number): boolean => limit > 0 && count >= limit;

const later = (moment: Date, ms: number): Date => new Date(moment.getTime() + ms);
