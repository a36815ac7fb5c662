/**
 * SQL of the outbox and of deliveries. An event's body never changes; its signature is written once. A delivery row is
 * there before anything is sent, so that no attempt is forgotten, not even one that we did not survive.
 */
import { type Sql, statement, type Tx } from '../storage/database.ts';
import { records } from '../storage/records.ts';

/** Whose move it is: PENDING the gateway, DELIVERED and EXHAUSTED nobody. */
export type OutboxStatus = 'PENDING' | 'DELIVERED' | 'EXHAUSTED';

export interface OutboxEvent {
  readonly merchantId: string;
  readonly eventId: string;
  readonly notifyUrl: string;
  /** The bytes that are signed and sent. */
  readonly body: Buffer;
  /** Base64; from the first delivery on. */
  readonly signature: string | undefined;
  readonly status: OutboxStatus;
  /** Attempts begun so far, of all rounds. */
  readonly attempts: number;
  /** Which pass through the schedule this is, from 1; sending again begins another. */
  readonly round: number;
  /** Attempts of earlier rounds. */
  readonly attemptsBeforeRound: number;
  /** When the last attempt of this round began that nobody wrote the end of: its process died in it. */
  readonly interruptedAt: Date | undefined;
}

export type DeliveryKey = Pick<OutboxEvent, 'merchantId' | 'eventId'> & { readonly attempt: number };

interface OutboxRow {
  merchant_id: string;
  event_id: string;
  notify_url: string;
  body: Buffer;
  signature: string | null;
  status: OutboxStatus;
  attempts: number;
  round: number;
  attempts_before_round: number;
  interrupted_at: Date | null;
}

const insert = statement(
  'outbox/insert',
  `insert into outbox
     (merchant_id, event_id, event_type, object_id, notify_url, body, status, created_at, updated_at)
   select merchant_id, event_id, event_type, object_id, notify_url, body, 'PENDING', created_at, created_at
   from jsonb_populate_recordset(null::outbox, $1)`,
);

const find = statement<OutboxRow>(
  'outbox/find',
  `select merchant_id, event_id, notify_url, body, signature, status, round, attempts_before_round,
     (select count(*)::integer from delivery d where d.merchant_id = o.merchant_id and d.event_id = o.event_id) as attempts,
     (select d.started_at from delivery d where d.merchant_id = o.merchant_id and d.event_id = o.event_id
        and d.attempt > o.attempts_before_round and d.ended_at is null
      order by d.attempt desc limit 1) as interrupted_at
   from outbox o where merchant_id = $1 and event_id = $2`,
);

const begin = statement<{ attempt: number }>(
  'delivery/begin',
  `with signed as (
     update outbox set signature = $5, updated_at = $4
     where merchant_id = $1 and event_id = $2 and signature is null
   )
   insert into delivery (merchant_id, event_id, attempt, started_at) values ($1, $2, $3, $4)
   on conflict do nothing
   returning attempt`,
);

// A worker that comes late may still say that an event was delivered, but not end a round that it does not know of.
const end = statement(
  'delivery/end',
  `with ended as (
     update delivery set ended_at = $4, http_status = $5, outcome = $6, answer_type = $7, answer_excerpt = $8
     where merchant_id = $1 and event_id = $2 and attempt = $3
   )
   update outbox set status = $9::text, updated_at = $4
   where merchant_id = $1 and event_id = $2
     and ((status = 'PENDING' and round = $10) or (status <> 'DELIVERED' and $9::text = 'DELIVERED'))`,
);

export interface NewEvent {
  readonly merchantId: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly objectId: string;
  readonly notifyUrl: string;
  readonly body: Buffer;
  readonly createdAt: Date;
}

export async function insertEvents(tx: Tx, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map(({ merchantId, eventId, eventType, objectId, notifyUrl, body, createdAt }) => ({
    ...{ merchant_id: merchantId, event_id: eventId, event_type: eventType, object_id: objectId },
    ...{ notify_url: notifyUrl, body, created_at: createdAt },
  }));
  await tx.rows(insert, [records(rows)]);
}

export async function findEvent(sql: Sql, merchantId: string, eventId: string): Promise<OutboxEvent | undefined> {
  const [row] = await sql.rows(find, [merchantId, eventId]);
  return row === undefined ? undefined : eventFrom(row);
}

/** Records that an attempt begins, and the signature if it is the first; false when somebody else began the same one. */
export async function beginDelivery(sql: Sql, key: DeliveryKey, signature: string, now: Date): Promise<boolean> {
  const { merchantId, eventId, attempt } = key;
  return (await sql.rows(begin, [merchantId, eventId, attempt, now, signature])).length === 1;
}

/** How an attempt ended. */
export interface DeliveryEnd {
  /** Of what the event is after it. */
  readonly status: OutboxStatus;
  /** The round that the attempt belongs to. */
  readonly round: number;
  /** In words for the merchant. */
  readonly outcome: string;
  readonly httpStatus?: number;
  readonly answerType?: string;
  /** The beginning of the answer's body, scrubbed. */
  readonly answerExcerpt?: string;
}

/** Records how an attempt ended and what the event now is. */
export async function endDelivery(sql: Sql, key: DeliveryKey, how: DeliveryEnd, now: Date): Promise<void> {
  const { merchantId, eventId, attempt } = key;
  const { status, round, outcome, httpStatus = null, answerType = null, answerExcerpt = null } = how;
  const answer = [httpStatus, outcome, answerType, answerExcerpt];
  await sql.rows(end, [merchantId, eventId, attempt, now, ...answer, status, round]);
}

const eventFrom = (row: OutboxRow): OutboxEvent => ({
  merchantId: row.merchant_id,
  eventId: row.event_id,
  notifyUrl: row.notify_url,
  body: row.body,
  signature: row.signature ?? undefined,
  status: row.status,
  attempts: row.attempts,
  round: row.round,
  attemptsBeforeRound: row.attempts_before_round,
  interruptedAt: row.interrupted_at ?? undefined,
});
