/**
 * SQL that looks back: events and their attempts as people read them, chosen by the same conditions everywhere, sent
 * again, and in the end forgotten. The bodies it reads are the bytes that were sent.
 */
import { type Sql, statement, type Tx } from '../storage/database.ts';
import type { OutboxStatus } from './outbox.store.ts';

/** Which events; what is absent does not matter. */
export interface EventFilter {
  readonly merchantId?: string;
  readonly status?: OutboxStatus;
  /** Only those of which an attempt failed and that were not delivered: given up, or between two attempts. */
  readonly failed?: boolean;
  /** e.g. `PAYMENT_NOTIFICATION` */
  readonly eventType?: string;
  /** What they tell of: a `tokenRequestId`, an `acquiringOrderId`, … */
  readonly objectId?: string;
  /** Written at this moment or later. */
  readonly from?: Date;
  /** Written before this moment. */
  readonly to?: Date;
}

export interface EventRow {
  merchant_id: string;
  event_id: string;
  event_type: string;
  object_id: string;
  notify_url: string;
  status: OutboxStatus;
  round: number;
  attempts_before_round: number;
  created_at: Date;
  attempts: number;
  last_started_at: Date | null;
  last_http_status: number | null;
  last_outcome: string | null;
}

export interface AttemptRow {
  attempt: number;
  started_at: Date;
  ended_at: Date | null;
  http_status: number | null;
  outcome: string | null;
  answer_type: string | null;
  answer_excerpt: string | null;
}

const withLast = `
  from outbox o
  left join lateral (
    select d.attempt, d.started_at, d.http_status, d.outcome from delivery d
    where d.merchant_id = o.merchant_id and d.event_id = o.event_id order by d.attempt desc limit 1
  ) last on true`;

const columns = `o.merchant_id, o.event_id, o.event_type, o.object_id, o.notify_url, o.status, o.round,
  o.attempts_before_round, o.created_at, coalesce(last.attempt, 0) as attempts, last.started_at as last_started_at,
  last.http_status as last_http_status, last.outcome as last_outcome`;

const chosen = `($1::text is null or o.merchant_id = $1) and ($2::text is null or o.status = $2)
  and ($3::boolean is not true or (o.status <> 'DELIVERED' and last.outcome is not null))
  and ($4::text is null or o.event_type = $4) and ($5::text is null or o.object_id = $5)
  and ($6::timestamptz is null or o.created_at >= $6) and ($7::timestamptz is null or o.created_at < $7)`;

const valuesOf = ({ merchantId, status, failed, eventType, objectId, from, to }: EventFilter): unknown[] =>
  [merchantId, status, failed, eventType, objectId, from, to].map((value) => value ?? null);

const newest = statement<EventRow>(
  'history/newest',
  `select ${columns} ${withLast} where ${chosen} and ($8::uuid is null or o.event_id < $8)
   order by o.event_id desc limit $9`,
);

const oldest = statement<{ merchant_id: string; event_id: string }>(
  'history/oldest',
  `select o.merchant_id, o.event_id ${withLast} where ${chosen} and ($8::uuid is null or o.event_id > $8)
     and o.event_id <= $9 order by o.event_id limit $10`,
);

const count = statement<{ events: bigint }>('history/count', `select count(*) as events ${withLast} where ${chosen}`);

const one = statement<EventRow & { body: Buffer; signature: string | null }>(
  'history/one',
  `select ${columns}, o.body, o.signature ${withLast} where o.event_id = $1 and ($2::text is null or o.merchant_id = $2)`,
);

const attemptsOf = statement<AttemptRow>(
  'history/attempts',
  `select attempt, started_at, ended_at, http_status, outcome, answer_type, answer_excerpt from delivery
   where merchant_id = $1 and event_id = $2 order by attempt`,
);

const lock = statement<{ object_id: string; notify_url: string; status: OutboxStatus; round: number }>(
  'history/lock',
  'select object_id, notify_url, status, round from outbox where merchant_id = $1 and event_id = $2 for update',
);

const beginRound = statement<{ round: number }>(
  'history/begin-round',
  `update outbox o
   set status = 'PENDING', round = round + 1, updated_at = $3,
     attempts_before_round = (select count(*) from delivery d where d.merchant_id = o.merchant_id and d.event_id = o.event_id)
   where merchant_id = $1 and event_id = $2
   returning round`,
);

const forget = statement<{ events: bigint }>(
  'history/forget',
  `with ended as (
     select merchant_id, event_id from outbox where status <> 'PENDING' and updated_at <= $1
     order by updated_at limit $2 for update skip locked
   ), attempts as (
     delete from delivery d using ended e where d.merchant_id = e.merchant_id and d.event_id = e.event_id
   ), events as (
     delete from outbox o using ended e where o.merchant_id = e.merchant_id and o.event_id = e.event_id
   )
   select count(*) as events from ended`,
);

/** The newest first; `before` is the event id at which a page ended. */
export const findNewest = (sql: Sql, filter: EventFilter, limit: number, before?: string): Promise<EventRow[]> =>
  sql.rows(newest, [...valuesOf(filter), before ?? null, limit]);

/** The oldest first, as they are sent again: behind the event `after`, where a page ended, up to `until`. */
export const findOldest = (
  sql: Sql,
  filter: EventFilter,
  page: { readonly after: string | undefined; readonly until: string; readonly limit: number },
) => sql.rows(oldest, [...valuesOf(filter), page.after ?? null, page.until, page.limit]);

export const countEvents = async (sql: Sql, filter: EventFilter): Promise<number> =>
  Number((await sql.rows(count, valuesOf(filter)))[0]?.events ?? 0);

export const findOne = async (sql: Sql, eventId: string, merchantId?: string) =>
  (await sql.rows(one, [eventId, merchantId ?? null]))[0];

export const findAttempts = (sql: Sql, merchantId: string, eventId: string): Promise<AttemptRow[]> =>
  sql.rows(attemptsOf, [merchantId, eventId]);

/** Holds an event until the transaction ends. */
export const lockEvent = async (tx: Tx, merchantId: string, eventId: string) =>
  (await tx.rows(lock, [merchantId, eventId]))[0];

/** Opens an event for another pass through the schedule; answers its number. */
export async function openRound(tx: Tx, merchantId: string, eventId: string, now: Date): Promise<number> {
  const [row] = await tx.rows(beginRound, [merchantId, eventId, now]);
  if (row === undefined) throw new Error('an event is gone that was locked');
  return row.round;
}

/** Deletes events that ended at this moment or before, with their attempts; answers how many, at most `limit`. */
export const deleteEnded = async (sql: Sql, endedBefore: Date, limit: number): Promise<number> =>
  Number((await sql.rows(forget, [endedBefore, limit]))[0]?.events ?? 0);
