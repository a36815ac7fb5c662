/**
 * SQL of the outbox and of deliveries. An event's body never changes; its signature is written once. A delivery row is
 * there before anything is sent, so that no attempt is forgotten, not even one that we did not survive.
 */
import { type Database, statement, type Tx } from '../storage/database.ts';
import { groupedById, inBatches } from '../storage/grouped.ts';
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
   from unnest($1::text[], $2::uuid[]) as asked (merchant, event)
   join outbox o on o.merchant_id = asked.merchant and o.event_id = asked.event`,
);

const begin = statement<{ event_id: string; attempt: number }>(
  'delivery/begin',
  `with begun as (
     select * from unnest($1::text[], $2::uuid[], $3::integer[], $4::timestamptz[], $5::text[])
       as begun (merchant_id, event_id, attempt, started_at, signature)
   ), signed as (
     update outbox o set signature = begun.signature, updated_at = begun.started_at
     from begun where o.merchant_id = begun.merchant_id and o.event_id = begun.event_id and o.signature is null
   )
   insert into delivery (merchant_id, event_id, attempt, started_at)
   select merchant_id, event_id, attempt, started_at from begun
   on conflict do nothing
   returning event_id, attempt`,
);

// A worker that comes late may still say that an event was delivered, but not end a round that it does not know of.
const end = statement(
  'delivery/end',
  `with ended as (
     select * from unnest($1::text[], $2::uuid[], $3::integer[], $4::timestamptz[], $5::integer[], $6::text[], $7::text[],
         $8::text[], $9::text[], $10::integer[])
       as ended (merchant_id, event_id, attempt, ended_at, http_status, outcome, answer_type, answer_excerpt, status, round)
   ), attempts as (
     update delivery d set ended_at = ended.ended_at, http_status = ended.http_status, outcome = ended.outcome,
       answer_type = ended.answer_type, answer_excerpt = ended.answer_excerpt
     from ended where d.merchant_id = ended.merchant_id and d.event_id = ended.event_id and d.attempt = ended.attempt
   )
   update outbox o set status = ended.status, updated_at = ended.ended_at
   from ended where o.merchant_id = ended.merchant_id and o.event_id = ended.event_id
     and ((o.status = 'PENDING' and o.round = ended.round) or (o.status <> 'DELIVERED' and ended.status = 'DELIVERED'))`,
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
    merchant_id: merchantId,
    event_id: eventId,
    event_type: eventType,
    object_id: objectId,
    notify_url: notifyUrl,
    body,
    created_at: createdAt,
  }));
  await tx.rows(insert, [records(rows)]);
}

const findTogether = groupedById(find, (row) => row.event_id, eventFrom);

export const findEvent = (database: Database, merchantId: string, eventId: string): Promise<OutboxEvent | undefined> =>
  findTogether(database, merchantId, eventId);

/** Columns of keys. */
const keysOf = (items: readonly { readonly key: DeliveryKey }[]): readonly unknown[][] => [
  items.map(({ key }) => key.merchantId),
  items.map(({ key }) => key.eventId),
  items.map(({ key }) => key.attempt),
];

interface Begun {
  readonly key: DeliveryKey;
  readonly signature: string;
  readonly now: Date;
}

const beginTogether = inBatches(async (database, items: readonly Begun[]) => {
  const signatures = items.map(({ signature }) => signature);
  const begun = await database.rows(begin, [...keysOf(items), items.map(({ now }) => now), signatures]);
  const names = new Set(begun.map(({ event_id: id, attempt }) => `${id} ${attempt}`));
  // Of two in one batch, the first one began it.
  return items.map(({ key }) => names.delete(`${key.eventId} ${key.attempt}`));
});

/** Records that an attempt begins, and the signature if it is the first; false when somebody else began the same one. */
export const beginDelivery = (database: Database, key: DeliveryKey, signature: string, now: Date): Promise<boolean> =>
  beginTogether(database, { key, signature, now });

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

interface Ended {
  readonly key: DeliveryKey;
  readonly how: DeliveryEnd;
  readonly now: Date;
}

const endTogether = inBatches(async (database, items: readonly Ended[]) => {
  const told = <Value>(of: (how: DeliveryEnd) => Value): (Value | null)[] => items.map(({ how }) => of(how) ?? null);
  await database.rows(end, [
    ...keysOf(items),
    items.map(({ now }) => now),
    told(({ httpStatus }) => httpStatus),
    told(({ outcome }) => outcome),
    told(({ answerType }) => answerType),
    told(({ answerExcerpt }) => answerExcerpt),
    told(({ status }) => status),
    told(({ round }) => round),
  ]);
  return items.map(() => undefined);
});

/** Records how an attempt ended and what the event now is. */
export const endDelivery = (database: Database, key: DeliveryKey, how: DeliveryEnd, now: Date): Promise<void> =>
  endTogether(database, { key, how, now });

function eventFrom(row: OutboxRow): OutboxEvent {
  return {
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
  };
}
