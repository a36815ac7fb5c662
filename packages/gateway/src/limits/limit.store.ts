/** SQL of the counts. One statement counts, one reads; rows are taken in one order, so that two callers never wait for each other. */
import { type Sql, statement } from '../storage/database.ts';
import { type Count, forgottenBefore, noCount, type RuleName, slotOf, windowStart } from './limit.ts';

/** What is counted under: `''` for all merchants. */
export interface Subject {
  readonly merchantId: string;
  readonly rule: RuleName;
  readonly mark: Buffer;
}

export interface Step extends Subject, Count {}

const add = statement(
  'limits/add',
  `insert into limit_count (merchant_id, rule, mark, slot, tries, failures)
   select * from unnest($1::text[], $2::text[], $3::bytea[], $4::timestamptz[], $5::integer[], $6::integer[])
   order by 1, 2, 3, 4
   on conflict (merchant_id, rule, mark, slot) do update
   set tries = limit_count.tries + excluded.tries, failures = limit_count.failures + excluded.failures`,
);

const read = statement<{ at: number; tries: bigint; failures: bigint }>(
  'limits/read',
  `select asked.at::integer as at, sum(found.tries) as tries, sum(found.failures) as failures
   from unnest($1::text[], $2::text[], $3::bytea[], $4::timestamptz[])
     with ordinality as asked (merchant_id, rule, mark, since, at),
   lateral (select tries, failures from limit_count c where c.merchant_id = asked.merchant_id and c.rule = asked.rule
     and c.mark = asked.mark and c.slot >= asked.since offset 0) as found
   group by asked.at`,
);

const forget = statement(
  'limits/forget',
  `delete from limit_count c using unnest($1::text[], $2::timestamptz[]) as old (rule, before)
   where c.rule = old.rule and c.slot < old.before`,
);

/** Adds to the counts; `slotAt` is the moment that the step belongs to. */
export async function addCounts(sql: Sql, steps: readonly Step[], slotAt: Date): Promise<void> {
  if (steps.length === 0) return;
  await sql.rows(add, [
    steps.map(({ merchantId }) => merchantId),
    steps.map(({ rule }) => rule),
    steps.map(({ mark }) => mark),
    steps.map(({ rule }) => slotOf(rule, slotAt)),
    steps.map(({ tries }) => tries),
    steps.map(({ failures }) => failures),
  ]);
}

/** @returns a count for each subject, in their order */
export async function readCounts(sql: Sql, subjects: readonly Subject[], now: Date): Promise<Count[]> {
  const rows = await sql.rows(read, [
    subjects.map(({ merchantId }) => merchantId),
    subjects.map(({ rule }) => rule),
    subjects.map(({ mark }) => mark),
    subjects.map(({ rule }) => windowStart(rule, now)),
  ]);
  const found = new Map(rows.map((row) => [row.at - 1, { tries: Number(row.tries), failures: Number(row.failures) }]));
  return subjects.map((_, at) => found.get(at) ?? noCount);
}

/** Drops counts that no rule looks at any more. */
export async function forgetCounts(sql: Sql, now: Date): Promise<void> {
  const old = forgottenBefore(now);
  await sql.rows(forget, [old.map(({ rule }) => rule), old.map(({ before }) => before)]);
}
