/** SQL of merchants' clocks. Who has no row lives in real time. */
import type { ClockSetting } from '../clock.ts';
import { type Database, type Sql, statement, type Tx } from '../storage/database.ts';
import { groupedIn } from '../storage/grouped.ts';

export interface ClockRow extends ClockSetting {
  /** Where a trip goes that has not arrived. */
  readonly target: Date | undefined;
  /** Whether the clock runs again when it arrives. */
  readonly runsAfter: boolean;
  /** Real time until which somebody is driving it. */
  readonly drivenUntil: Date | undefined;
}

interface Row {
  frozen_at: Date | null;
  ahead_ms: bigint;
  target: Date | null;
  runs_after: boolean;
  driven_until: Date | null;
}

const columns = 'frozen_at, ahead_ms, target, runs_after, driven_until';
const find = statement<Row>('clock/find', `select ${columns} from merchant_clock where merchant_id = $1`);
const findTogether = statement<Row & { merchant_id: string }>(
  'clock/find-together',
  `select merchant_id, ${columns} from merchant_clock where merchant_id = any ($1)`,
);
// There may be no row to lock. The number is any, and the same for every process.
const lockMerchant = statement('clock/lock', 'select pg_advisory_xact_lock(hashtextextended($1, 4010003))');
const remove = statement('clock/remove', 'delete from merchant_clock where merchant_id = $1');
const save = statement(
  'clock/save',
  `insert into merchant_clock (merchant_id, ${columns}) values ($1, $2, $3, $4, $5, $6)
   on conflict (merchant_id) do update set frozen_at = $2, ahead_ms = $3, target = $4, runs_after = $5, driven_until = $6`,
);

const work = statement<{ waiting: bigint; next: Date | null }>(
  'clock/work',
  `select count(*) filter (where job.due_at <= $2 or job.leased_until is not null) as waiting,
     min(job.due_at) filter (where job.due_at > $2 and job.leased_until is null) as next
   from job
   where job.merchant_id = $1 and (job.lane is null or job.leased_until is not null or not exists (
     select from job earlier
     where earlier.merchant_id = job.merchant_id and earlier.lane = job.lane and earlier.job_id < job.job_id
       and earlier.attempts < 3))`,
);

/** The same within a transaction. */
export const readClock = async (sql: Sql, merchantId: string): Promise<ClockRow | undefined> =>
  (await sql.rows(find, [merchantId])).map(clockFrom)[0];

/** Every call asks for its merchant's: those that come together share a statement. */
const lookAt = groupedIn(async (database, merchantIds) => {
  const rows = await database.rows(findTogether, [merchantIds]);
  return (merchantId) => rows.find((row) => row.merchant_id === merchantId);
});

export async function findClock(database: Database, merchantId: string): Promise<ClockRow | undefined> {
  const row = await lookAt(database, merchantId);
  return row && clockFrom(row);
}

const clockFrom = (row: Row): ClockRow => ({
  frozenAt: row.frozen_at ?? undefined,
  aheadMs: Number(row.ahead_ms),
  target: row.target ?? undefined,
  runsAfter: row.runs_after,
  drivenUntil: row.driven_until ?? undefined,
});

/** The clock of a merchant, for a change: one at a time. */
export async function lockClock(tx: Tx, merchantId: string): Promise<ClockRow | undefined> {
  await tx.rows(lockMerchant, [merchantId]);
  return readClock(tx, merchantId);
}

/** @param to - undefined: the merchant lives in real time from here on */
export async function saveClock(tx: Tx, merchantId: string, to: ClockRow | undefined): Promise<void> {
  if (to === undefined) await tx.rows(remove, [merchantId]);
  else {
    const { frozenAt = null, aheadMs, target = null, runsAfter, drivenUntil = null } = to;
    await tx.rows(save, [merchantId, frozenAt, aheadMs, target, runsAfter, drivenUntil]);
  }
}

/** What a merchant's queue holds at a moment of its time: jobs that are due or being done, and when the next one is due. */
export async function findWork(
  sql: Sql,
  merchantId: string,
  now: Date,
): Promise<{ readonly waiting: number; readonly next: Date | undefined }> {
  const [row] = await sql.rows(work, [merchantId, now]);
  return { waiting: Number(row?.waiting ?? 0), next: row?.next ?? undefined };
}
