/**
 * Job: posts one notification and judges the answer. At least once: the attempt is written down before it is made, so an
 * attempt that we did not survive counts, and is made again under the same event id. It never changes a body, and never
 * holds a transaction while it waits for the receiver.
 */
import type { KeyObject } from 'node:crypto';
import { sign, signatureHeader } from '@waffo/protocol/signature';
import type { Clock } from '../clock.ts';
import { crashPoint } from '../crash-point.ts';
import type { JobResult } from '../job/runner.ts';
import type { Log } from '../observe/log.ts';
import { traced } from '../observe/trace.ts';
import type { Database } from '../storage/database.ts';
import { judge } from './acknowledgement.ts';
import { type Egress, EgressError } from './egress.ts';
import { excerptOf } from './excerpt.ts';
import { beginDelivery, type DeliveryEnd, endDelivery, findEvent, type OutboxEvent } from './outbox.store.ts';
import { headersOf } from './request.ts';
import { nextAttemptAt } from './retry-schedule.ts';

/** What it must know of a merchant. */
export interface Receiver {
  readonly publicKeys: readonly KeyObject[];
  readonly settings: { readonly lenientAck: boolean };
}

export interface DeliverDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly egress: Pick<Egress, 'post'>;
  readonly platformKeys: { signerOf(merchantId: string): Promise<{ readonly privateKey: KeyObject }> };
  merchantOf(merchantId: string): Promise<Receiver | undefined>;
  /** How long a receiver has; 15 s when absent. */
  readonly timeoutMs?: number;
}

/** A receiver has this long for all of its answer (decisions, "Everything else"). */
const deliveryTimeoutMs = 15_000;

/** What its job carries. */
interface DeliverPayload {
  readonly eventId: string;
  readonly round?: number;
}

/** How an attempt went: in words for the merchant, with the beginning of the answer, and the cause for the operator. */
export interface Attempted extends Pick<DeliveryEnd, 'outcome' | 'httpStatus' | 'answerType' | 'answerExcerpt'> {
  readonly delivered: boolean;
  readonly cause?: unknown;
}

/**
 * Makes the next attempt of an event.
 *
 * @param job - `payload.eventId`, and `payload.round` when it is not the first: a job of a round that was given up does nothing
 * @returns `done` when the event is delivered or was tried for the last time; else when to try again, by the published
 *   schedule, counted from the beginning of this attempt
 */
export async function deliver(
  deps: DeliverDeps,
  job: { readonly merchantId: string; readonly payload: unknown },
): Promise<JobResult> {
  const { database, clock } = deps;
  const { merchantId } = job;
  const { eventId, round = 1 } = job.payload as DeliverPayload;
  const event = await findEvent(database, merchantId, eventId);
  if (event === undefined || event.status !== 'PENDING' || event.round !== round) return 'done';
  const attempt = event.attempts + 1;
  const ofRound = attempt - event.attemptsBeforeRound;
  // An attempt that we died in is not answered by another at once: the schedule goes on from it. The last one is repeated.
  const waitUntil = event.interruptedAt && nextAttemptAt(ofRound - 1, event.interruptedAt);
  if (waitUntil !== undefined && waitUntil > clock.now()) return { retryAt: waitUntil };
  const receiver = await deps.merchantOf(merchantId);
  if (receiver === undefined) throw new Error('an event names a merchant that is not there');
  const signature = event.signature ?? (await signatureOf(deps, event));

  const startedAt = clock.now();
  if (!(await beginDelivery(database, { merchantId, eventId, attempt }, signature, startedAt))) {
    throw new Error('another worker makes the same attempt');
  }
  crashPoint('webhook/before-send');
  const attempted = await traced('webhook', { merchantId, attempt }, async (span) => {
    const made = await attemptOf(deps, { ...event, signature }, receiver, startedAt);
    const { delivered, httpStatus: status } = made;
    span.note({ outcome: delivered ? 'acknowledged' : 'not acknowledged', ...(status !== undefined && { status }) });
    return made;
  });
  crashPoint('webhook/answered');
  const retryAt = attempted.delivered ? undefined : nextAttemptAt(ofRound, startedAt);
  const status = attempted.delivered ? 'DELIVERED' : retryAt === undefined ? 'EXHAUSTED' : 'PENDING';
  await endDelivery(database, { merchantId, eventId, attempt }, { status, round, ...attempted }, clock.now());
  tell(deps.log, { merchantId, eventId, attempt, status, attempted });
  return retryAt === undefined ? 'done' : { retryAt };
}

async function signatureOf({ platformKeys }: DeliverDeps, event: OutboxEvent): Promise<string> {
  const { privateKey } = await platformKeys.signerOf(event.merchantId);
  return sign(event.body, privateKey);
}

/**
 * Posts once and judges the answer; records nothing.
 *
 * @param startedAt - becomes the `webhook-timestamp`
 */
export async function attemptOf(
  { egress, timeoutMs = deliveryTimeoutMs }: Pick<DeliverDeps, 'egress' | 'timeoutMs'>,
  event: Pick<OutboxEvent, 'merchantId' | 'eventId' | 'notifyUrl' | 'body'> & { readonly signature: string },
  receiver: Receiver,
  startedAt: Date,
): Promise<Attempted> {
  const { merchantId, notifyUrl, body } = event;
  const request = { merchantId, headers: headersOf(event, startedAt), body, timeoutMs };
  try {
    const answer = await egress.post(notifyUrl, request);
    const contentType = answer.headers['content-type'];
    const verdict = judge(
      { contentType, signature: [answer.headers[signatureHeader.toLowerCase()]].flat().join(), ...answer },
      { publicKeys: receiver.publicKeys, lenient: receiver.settings.lenientAck },
    );
    return {
      delivered: verdict.ok,
      outcome: verdict.ok ? 'acknowledged' : verdict.reason,
      httpStatus: answer.status,
      ...(contentType !== undefined && { answerType: excerptOf(contentType, 100) }),
      answerExcerpt: excerptOf(answer.body.toString('utf8')),
    };
  } catch (error) {
    if (error instanceof EgressError) return { delivered: false, outcome: error.message, cause: error.cause };
    throw error;
  }
}

interface Told {
  readonly merchantId: string;
  readonly eventId: string;
  readonly attempt: number;
  readonly status: string;
  readonly attempted: Attempted;
}

function tell(log: Log, { merchantId, eventId, attempt, status, attempted }: Told): void {
  const { outcome, httpStatus, cause } = attempted;
  const fields = {
    job: 'webhook/deliver',
    merchantId,
    event: eventId,
    attempt,
    detail: cause instanceof Error ? `${outcome}: ${cause.message}` : outcome,
    ...(httpStatus !== undefined && { status: httpStatus }),
  };
  if (status === 'DELIVERED') log.debug('a notification was acknowledged', fields);
  else if (status === 'PENDING') log.info('a notification was not acknowledged and will be sent again', fields);
  else log.warn('a notification was not acknowledged and will not be sent again', fields);
}
