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
import type { Database } from '../storage/database.ts';
import { judge } from './acknowledgement.ts';
import { type Egress, EgressError } from './egress.ts';
import { beginDelivery, endDelivery, findEvent, type OutboxEvent } from './outbox.store.ts';
import { nextAttemptAt } from './retry-schedule.ts';

/** What it must know of a merchant. */
interface Receiver {
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
}

/** A receiver has this long for all of its answer (decisions, "Everything else"). */
const deliveryTimeoutMs = 15_000;

/** How an attempt went: in words for the merchant, and the cause for the operator. */
interface Attempted {
  readonly delivered: boolean;
  readonly outcome: string;
  readonly httpStatus?: number;
  readonly cause?: unknown;
}

/**
 * Makes the next attempt of an event.
 *
 * @param job - `payload.eventId`
 * @returns `done` when the event is delivered or was tried for the last time; else when to try again, by the published
 *   schedule, counted from the beginning of this attempt
 */
export async function deliver(
  deps: DeliverDeps,
  job: { readonly merchantId: string; readonly payload: unknown },
): Promise<JobResult> {
  const { database, clock } = deps;
  const { merchantId } = job;
  const { eventId } = job.payload as { eventId: string };
  const event = await findEvent(database, merchantId, eventId);
  if (event === undefined || event.status !== 'PENDING') return 'done';
  const attempt = event.attempts + 1;
  // An attempt that we died in is not answered by another at once: the schedule goes on from it. The last one is repeated.
  const waitUntil = event.interruptedAt && nextAttemptAt(event.attempts, event.interruptedAt);
  if (waitUntil !== undefined && waitUntil > clock.now()) return { retryAt: waitUntil };
  const receiver = await deps.merchantOf(merchantId);
  if (receiver === undefined) throw new Error('an event names a merchant that is not there');
  const signature = event.signature ?? (await signatureOf(deps, event));

  const startedAt = clock.now();
  if (!(await beginDelivery(database, { merchantId, eventId, attempt }, signature, startedAt))) {
    throw new Error('another worker makes the same attempt');
  }
  crashPoint('webhook/before-send');
  const attempted = await post(deps, event, receiver, signature, startedAt);
  crashPoint('webhook/answered');
  const retryAt = attempted.delivered ? undefined : nextAttemptAt(attempt, startedAt);
  const status = attempted.delivered ? 'DELIVERED' : retryAt === undefined ? 'EXHAUSTED' : 'PENDING';
  const { httpStatus, outcome } = attempted;
  await endDelivery(database, { merchantId, eventId, attempt }, { httpStatus, outcome, status }, clock.now());
  tell(deps.log, { merchantId, attempt, status, attempted });
  return retryAt === undefined ? 'done' : { retryAt };
}

async function signatureOf({ platformKeys }: DeliverDeps, event: OutboxEvent): Promise<string> {
  const { privateKey } = await platformKeys.signerOf(event.merchantId);
  return sign(event.body, privateKey);
}

async function post(
  { egress }: DeliverDeps,
  event: OutboxEvent,
  receiver: Receiver,
  signature: string,
  startedAt: Date,
): Promise<Attempted> {
  const { merchantId, eventId, notifyUrl, body } = event;
  const headers = {
    'Content-Type': 'application/json',
    [signatureHeader]: signature,
    'webhook-id': eventId,
    'webhook-timestamp': String(Math.floor(startedAt.getTime() / 1_000)),
    'User-Agent': 'Waffo-Webhook/1',
  };
  try {
    const answer = await egress.post(notifyUrl, { merchantId, headers, body, timeoutMs: deliveryTimeoutMs });
    const verdict = judge(
      {
        ...answer,
        contentType: answer.headers['content-type'],
        signature: [answer.headers[signatureHeader.toLowerCase()]].flat().join(),
      },
      { publicKeys: receiver.publicKeys, lenient: receiver.settings.lenientAck },
    );
    return { delivered: verdict.ok, outcome: verdict.ok ? 'acknowledged' : verdict.reason, httpStatus: answer.status };
  } catch (error) {
    if (error instanceof EgressError) return { delivered: false, outcome: error.message, cause: error.cause };
    throw error;
  }
}

function tell(log: Log, told: { merchantId: string; attempt: number; status: string; attempted: Attempted }): void {
  const { merchantId, attempt, status, attempted } = told;
  const { outcome, httpStatus, cause } = attempted;
  const fields = {
    job: 'webhook/deliver',
    merchantId,
    attempt,
    detail: cause instanceof Error ? `${outcome}: ${cause.message}` : outcome,
    ...(httpStatus !== undefined && { status: httpStatus }),
  };
  if (status === 'DELIVERED') log.debug('a notification was acknowledged', fields);
  else if (status === 'PENDING') log.info('a notification was not acknowledged and will be sent again', fields);
  else log.warn('a notification was not acknowledged and will not be sent again', fields);
}
