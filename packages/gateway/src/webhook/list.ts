/**
 * Notifications as people look at them: a list with how each stands, and one with all that was sent and answered. Used by
 * the command line and the operator's API; both scope it to a merchant or, for the operator, to none. It changes nothing.
 */
import type { Sql } from '../storage/database.ts';
import {
  type AttemptRow,
  countEvents,
  type EventFilter,
  type EventRow,
  findAttempts,
  findNewest,
  findOne,
} from './history.store.ts';
import type { OutboxStatus } from './outbox.store.ts';
import { headersOf } from './request.ts';
import { nextAttemptAt } from './retry-schedule.ts';

export type { EventFilter } from './history.store.ts';

/** One notification and how it stands. */
export interface EventSummary {
  readonly merchantId: string;
  /** The `webhook-id` of all its attempts. */
  readonly eventId: string;
  readonly eventType: string;
  /** What it tells of. */
  readonly objectId: string;
  readonly notifyUrl: string;
  readonly status: OutboxStatus;
  readonly createdAt: Date;
  /** Attempts made so far, of all rounds. */
  readonly attempts: number;
  readonly lastAttemptAt?: Date;
  readonly lastHttpStatus?: number;
  /** How the last attempt ended, in words for the merchant. */
  readonly lastOutcome?: string;
  /** By the schedule; a later notification of one object may wait longer, for the one before it. */
  readonly nextAttemptAt?: Date;
}

/** One attempt: what was sent besides the body, and what came back. */
interface AttemptView {
  readonly attempt: number;
  readonly startedAt: Date;
  /** Absent while it is made, and for ever when the process died in it. */
  readonly endedAt?: Date;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly httpStatus?: number;
  readonly outcome?: string;
  readonly answerType?: string;
  /** The beginning of the answer's body, without what looks like a card number. */
  readonly answerExcerpt?: string;
}

export interface EventDetails extends EventSummary {
  /** The text that was signed and sent. */
  readonly body: string;
  /** Oldest first. */
  readonly history: readonly AttemptView[];
}

interface Deps {
  readonly database: Sql;
}

/**
 * The newest notifications first.
 *
 * @param filter - which; `merchantId` where a merchant asks
 * @param page.limit - at most so many
 * @param page.before - `next` of the page before
 * @returns the page, and `next` when there may be more
 * @example await listEvents(gateway, { merchantId, failed: true }, { limit: 50 })
 */
export async function listEvents(
  { database }: Deps,
  filter: EventFilter,
  page: { readonly limit: number; readonly before?: string },
): Promise<{ readonly events: readonly EventSummary[]; readonly next?: string }> {
  const rows = await findNewest(database, filter, page.limit, page.before);
  const last = rows.length === page.limit ? rows.at(-1) : undefined;
  return { events: rows.map(summaryFrom), ...(last && { next: last.event_id }) };
}

/** How many notifications there are of a kind. */
export const countOf = ({ database }: Deps, filter: EventFilter): Promise<number> => countEvents(database, filter);

/**
 * One notification with all its attempts.
 *
 * @param eventId - a UUID
 * @param merchantId - whose it must be; absent for the operator
 * @returns undefined when there is none, or it is another merchant's
 */
export async function showEvent(
  { database }: Deps,
  eventId: string,
  merchantId?: string,
): Promise<EventDetails | undefined> {
  const row = await findOne(database, eventId, merchantId);
  if (row === undefined) return undefined;
  const attempts = await findAttempts(database, row.merchant_id, eventId);
  const signed = { eventId, signature: row.signature ?? '' };
  return {
    ...summaryFrom(row),
    body: row.body.toString('utf8'),
    history: attempts.map((attempt) => attemptFrom(attempt, headersOf(signed, attempt.started_at))),
  };
}

function summaryFrom(row: EventRow): EventSummary {
  const next = nextOf(row);
  return {
    merchantId: row.merchant_id,
    eventId: row.event_id,
    eventType: row.event_type,
    objectId: row.object_id,
    notifyUrl: row.notify_url,
    status: row.status,
    createdAt: row.created_at,
    attempts: row.attempts,
    ...(row.last_started_at && { lastAttemptAt: row.last_started_at }),
    ...(row.last_http_status && { lastHttpStatus: row.last_http_status }),
    ...(row.last_outcome !== null && { lastOutcome: row.last_outcome }),
    ...(next && { nextAttemptAt: next }),
  };
}

function nextOf(row: EventRow): Date | undefined {
  const ofRound = row.attempts - row.attempts_before_round;
  if (row.status !== 'PENDING' || ofRound === 0 || row.last_started_at === null) return undefined;
  return nextAttemptAt(ofRound, row.last_started_at);
}

const attemptFrom = (row: AttemptRow, requestHeaders: Record<string, string>): AttemptView => ({
  attempt: row.attempt,
  startedAt: row.started_at,
  ...(row.ended_at && { endedAt: row.ended_at }),
  requestHeaders,
  ...(row.http_status !== null && { httpStatus: row.http_status }),
  ...(row.outcome !== null && { outcome: row.outcome }),
  ...(row.answer_type !== null && { answerType: row.answer_type }),
  ...(row.answer_excerpt !== null && { answerExcerpt: row.answer_excerpt }),
});
