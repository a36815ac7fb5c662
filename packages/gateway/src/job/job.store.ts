/**
 * SQL of the queue. A job is claimed into a lease in one short statement and ended in a second one; in between no
 * transaction is open. Every statement that ends a job names the lease it was claimed under, so that a worker which
 * lost its lease changes nothing. Times are the caller's, never the database's own.
 */
import { type Database, type Sql, statement, type Tx } from '../storage/database.ts';
import { inBatches } from '../storage/grouped.ts';
import { records } from '../storage/records.ts';

/** A job under a lease. */
export interface Job {
  readonly jobId: bigint;
  readonly kind: string;
  readonly merchantId: string;
  /** Whom it waits for, such as `shop.example`. */
  readonly host: string | undefined;
  /** What `enqueue` was given, read back from JSON. */
  readonly payload: unknown;
  /** How often it was tried before and did not end, a lease that ran out included. */
  readonly attempts: number;
  readonly leaseId: string;
}

interface JobRow {
  job_id: bigint;
  kind: string;
  merchant_id: string;
  host: string | null;
  payload: unknown;
  attempts: number;
  lease_id: string;
}

/** A lane waits for its first unfinished job until that one has been tried this often (decisions, "Everything else"). */
const laneOpensAfterAttempts = 3;

const laneIsOpen = `(job.lane is null or not exists (
  select from job earlier
  where earlier.merchant_id = job.merchant_id and earlier.lane = job.lane and earlier.job_id < job.job_id
    and earlier.attempts < ${laneOpensAfterAttempts}))`;

const insert = statement(
  'job/insert',
  `insert into job (merchant_id, kind, lane, host, payload, due_at, created_at)
   select merchant_id, kind, lane, host, payload, due_at, created_at from jsonb_populate_recordset(null::job, $1)`,
);

const insertStanding = statement(
  'job/insert-standing',
  `insert into job (merchant_id, kind, payload, due_at, created_at) values ('', $1, '{}', $2, $2)
   on conflict (kind) where merchant_id = '' do nothing`,
);

/** A merchant's time where `clock` is its row or null, and $1 is the machine's. */
const merchantNow = `coalesce(clock.frozen_at, $1::timestamptz + clock.ahead_ms * interval '1 millisecond', $1)`;

/** No merchant's time is later. It bounds the look into the index, which knows no clocks. */
const latestNow = `greatest($1, (select max(${merchantNow}) from merchant_clock clock))`;

const claimable = (hosts: string, limit: string) =>
  `select job_id from job left join merchant_clock clock using (merchant_id)
     where due_at <= ${latestNow} and due_at <= ${merchantNow} and (leased_until is null or leased_until <= $1)
       and kind = any($2) and merchant_id <> all($3) and ${hosts} and ${laneIsOpen}
     order by due_at, job_id
     limit ${limit}
     for update of job skip locked`;

// The rows are chosen in CTEs because a subquery with a limit may be run more than once in an update.
const claim = statement<JobRow>(
  'job/claim',
  `with known as (
     ${claimable('(host is null or (host = any($4) and host <> all($5)))', '$6')}
   ), strange as (
     ${claimable('host <> all($4) and host <> all($7)', '$8')}
   ), claimed as (
     select job_id from known union all select job_id from strange
   )
   update job
   set lease_id = $9, leased_until = $10, attempts = attempts + (leased_until is not null)::integer
   where job_id = any(array(select job_id from claimed))
   returning job_id, kind, merchant_id, host, payload, attempts, lease_id`,
);

const finish = statement<{ job_id: bigint }>(
  'job/finish',
  `delete from job using unnest($1::bigint[], $2::uuid[]) as done (job_id, lease_id)
   where job.job_id = any($1) and job.job_id = done.job_id and job.lease_id = done.lease_id
   returning job.job_id`,
);

const reschedule = statement<{ job_id: bigint }>(
  'job/reschedule',
  `update job set due_at = again.due_at, attempts = attempts + 1, lease_id = null, leased_until = null
   from unnest($1::bigint[], $2::uuid[], $3::timestamptz[]) as again (job_id, lease_id, due_at)
   where job.job_id = any($1) and job.job_id = again.job_id and job.lease_id = again.lease_id
   returning job.job_id`,
);

const again = statement<{ job_id: bigint }>(
  'job/again',
  `update job set due_at = coalesce((select ${merchantNow.replaceAll('$1', '$3')} from merchant_clock clock
       where clock.merchant_id = job.merchant_id), $3) + $4 * interval '1 millisecond',
     attempts = attempts + 1, lease_id = null, leased_until = null
   where job_id = $1 and lease_id = $2
   returning job_id`,
);

// A job under a lease is being done right now: it stays. The job keeps its id, and with it its place in its lane.
const hasten = statement<{ job_id: bigint }>(
  'job/hasten',
  `update job set payload = payload || $5, due_at = $6, lease_id = null, leased_until = null
   where merchant_id = $1 and kind = $2 and lane = $3 and payload @> $4 and (leased_until is null or leased_until <= $7)
   returning job_id`,
);

const withdraw = statement(
  'job/withdraw',
  `delete from job using unnest($1::text[], $2::text[]) as needless (merchant_id, lane)
   where job.merchant_id = any($1) and job.lane = any($2) and job.merchant_id = needless.merchant_id
     and job.lane = needless.lane and kind = $3 and leased_until is null`,
);

const livesInRealTime = 'not exists (select from merchant_clock where merchant_id = job.merchant_id)';

// While somebody drives a clock, there is always something to do soon. What is due when the machine's time is $3, or later, is not
// looked at, or a queue would cost more the longer it is.
const nextDue = statement<{ due_at: Date | null }>(
  'job/next-due',
  `select least(
     (select min(due_at) from job
      where due_at <= $3 and leased_until is null and kind = any($1) and ${livesInRealTime} and ${laneIsOpen}),
     (select min(case when clock.frozen_at is null then due_at - clock.ahead_ms * interval '1 millisecond'
                      when due_at <= clock.frozen_at then $2 end)
      from merchant_clock clock join job using (merchant_id)
      where exists (select from merchant_clock) and due_at <= ${latestNow.replaceAll('$1', '$3')}
        and leased_until is null and kind = any($1) and ${laneIsOpen}),
     (select $2::timestamptz + interval '50 milliseconds' from merchant_clock where driven_until > $2 limit 1),
     (select min(leased_until) from job where leased_until is not null and kind = any($1))
   ) as due_at`,
);

const oldestDue = statement<{ due_at: Date }>(
  'job/oldest-due',
  `select due_at from job where due_at <= $1 and leased_until is null and ${livesInRealTime} and ${laneIsOpen}
   order by due_at limit 1`,
);

export interface NewJob {
  readonly kind: string;
  readonly merchantId: string;
  readonly lane?: string;
  readonly host?: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly dueAt: Date;
  readonly now: Date;
}

/** In the order in which they are given. */
export async function insertJobs(tx: Tx, jobs: readonly NewJob[]): Promise<void> {
  if (jobs.length === 0) return;
  const rows = jobs.map(({ merchantId, kind, lane, host, payload, dueAt, now }) => ({
    merchant_id: merchantId,
    kind,
    lane,
    host,
    payload,
    due_at: dueAt,
    created_at: now,
  }));
  await tx.rows(insert, [records(rows)]);
}

export async function insertStandingJob(sql: Sql, kind: string, now: Date): Promise<void> {
  await sql.rows(insertStanding, [kind, now]);
}

export async function deleteWaiting(
  tx: Tx,
  kind: string,
  jobs: readonly { readonly merchantId: string; readonly lane: string }[],
): Promise<void> {
  if (jobs.length === 0) return;
  await tx.rows(withdraw, [jobs.map(({ merchantId }) => merchantId), jobs.map(({ lane }) => lane), kind]);
}

export interface WaitingJob {
  readonly kind: string;
  readonly merchantId: string;
  readonly lane: string;
  /** Members by which the job is found. */
  readonly payload: Readonly<Record<string, unknown>>;
  /** Members that it gets. */
  readonly change: Readonly<Record<string, unknown>>;
  /** The merchant's time, which it is due by. */
  readonly now: Date;
  /** The machine's time, which leases end by. */
  readonly machineNow: Date;
}

export async function hastenJobs(tx: Tx, job: WaitingJob): Promise<number> {
  const { merchantId, kind, lane, payload, change, now, machineNow } = job;
  return (
    await tx.rows(hasten, [merchantId, kind, lane, JSON.stringify(payload), JSON.stringify(change), now, machineNow])
  ).length;
}

/** Room for jobs of some hosts. */
export interface Room {
  readonly limit: number;
  /** Hosts for which jobs are left where they are. */
  readonly withoutHosts: readonly string[];
}

export interface Claim {
  /** Kinds that the claimer can run; others wait for a process that knows them. */
  readonly kinds: readonly string[];
  /** Merchants whose jobs are left where they are. */
  readonly withoutMerchants: readonly string[];
  readonly knownHosts: readonly string[];
  /** For jobs that wait for known hosts or for none. */
  readonly known: Room;
  /** For all others. */
  readonly strangers: Room;
  readonly now: Date;
  /** New in the world, for this claim alone. */
  readonly leaseId: string;
  readonly leasedUntil: Date;
}

/** Takes what is due and free into a lease, the longest due first. */
export async function claimJobs(sql: Sql, by: Claim): Promise<Job[]> {
  const { now, kinds, withoutMerchants, knownHosts, known, strangers, leaseId, leasedUntil } = by;
  const rooms = [knownHosts, known.withoutHosts, known.limit, strangers.withoutHosts, strangers.limit];
  return (await sql.rows(claim, [now, kinds, withoutMerchants, ...rooms, leaseId, leasedUntil])).map(jobFrom);
}

/** Removes a job that is done; false when the lease was lost. Those that end together share a statement. */
export const finishJob = inBatches(async (database, jobs: readonly Job[]) => {
  const ended = await database.rows(finish, [jobs.map(({ jobId }) => jobId), jobs.map(({ leaseId }) => leaseId)]);
  return isAmong(jobs, ended);
});

const rescheduleTogether = inBatches(async (database, items: readonly { job: Job; dueAt: Date }[]) => {
  const jobs = items.map(({ job }) => job);
  const due = items.map(({ dueAt }) => dueAt);
  const ids = [jobs.map(({ jobId }) => jobId), jobs.map(({ leaseId }) => leaseId)];
  return isAmong(jobs, await database.rows(reschedule, [...ids, due]));
});

/** Gives a job back, to be tried again; false when the lease was lost. */
export const rescheduleJob = (database: Database, job: Job, dueAt: Date): Promise<boolean> =>
  rescheduleTogether(database, { job, dueAt });

function isAmong(jobs: readonly Job[], rows: readonly { readonly job_id: bigint }[]): boolean[] {
  const ids = new Set(rows.map(({ job_id: id }) => id));
  return jobs.map(({ jobId }) => ids.has(jobId));
}

/** Gives a job back after it failed, to be tried again when so much of its merchant's time has passed. */
export const retryJob = async (sql: Sql, job: Job, machineNow: Date, inMs: number): Promise<boolean> =>
  (await sql.rows(again, [job.jobId, job.leaseId, machineNow, inMs])).length === 1;

/**
 * The first moment, by the machine, at which something can be claimed; what waits for its lane is not counted.
 *
 * @param until - work of those who live in real time that is due later is not counted; absent: all is
 */
export async function findNextDue(
  sql: Sql,
  kinds: readonly string[],
  now: Date,
  until?: Date,
): Promise<Date | undefined> {
  const [row] = await sql.rows(nextDue, [kinds, now, until ?? 'infinity']);
  return row?.due_at ?? undefined;
}

/** Since when the longest waiting work of those who live in real time is due; what is being done is not counted. */
export const findOldestDue = async (sql: Sql, now: Date): Promise<Date | undefined> =>
  (await sql.rows(oldestDue, [now]))[0]?.due_at;

const jobFrom = (row: JobRow): Job => ({
  jobId: row.job_id,
  kind: row.kind,
  merchantId: row.merchant_id,
  host: row.host ?? undefined,
  payload: row.payload,
  attempts: row.attempts,
  leaseId: row.lease_id,
});
