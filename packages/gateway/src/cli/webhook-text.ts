/** Notifications as a terminal shows them. Text only; everything that a stranger wrote has been made printable before. */
import type { EventDetails, EventSummary } from '../webhook/list.ts';
import type { EndpointReport } from '../webhook/test-endpoint.ts';

/** To the second, in UTC, e.g. `2026-11-23 12:00:05Z`. */
const time = (moment: Date): string => `${moment.toISOString().slice(0, 19).replace('T', ' ')}Z`;

/**
 * Two lines for each event: what it is, and where it stands.
 *
 * @example
 * 2026-11-23 12:00:05Z  EXHAUSTED  M1  PAYMENT_NOTIFICATION of A2026…
 *   0193…  8 attempts, the last at 2026-11-24 08:35:35Z: your server answered 500; …
 */
export const listText = (events: readonly EventSummary[]): string =>
  events
    .map((event) => {
      const { createdAt, status, merchantId, eventType, objectId, eventId } = event;
      return `${time(createdAt)}  ${status.padEnd(9)}  ${merchantId}  ${eventType} of ${objectId}\n  ${eventId}  ${standing(event)}\n`;
    })
    .join('');

function standing({ attempts, lastAttemptAt, lastOutcome, nextAttemptAt }: EventSummary): string {
  if (lastAttemptAt === undefined) return 'not yet sent';
  const last = `${attempts} attempt${attempts === 1 ? '' : 's'}, the last at ${time(lastAttemptAt)}: ${lastOutcome ?? 'not ended'}`;
  return nextAttemptAt === undefined ? last : `${last}; the next at ${time(nextAttemptAt)}`;
}

/** All of one event: what was sent, and each attempt with its answer. */
export function detailsText(event: EventDetails): string {
  const { eventId, eventType, objectId, merchantId, notifyUrl, status, createdAt, nextAttemptAt, body, history } =
    event;
  const facts = [
    ['event', eventId],
    ['type', `${eventType} of ${objectId}`],
    ['merchant', merchantId],
    ['to', notifyUrl],
    ['written', time(createdAt)],
    ['status', status],
    ...(nextAttemptAt ? [['next', time(nextAttemptAt)]] : []),
  ];
  const attempts = history.flatMap((attempt) => [
    '',
    `attempt ${attempt.attempt} at ${time(attempt.startedAt)}${lasted(attempt.startedAt, attempt.endedAt)}`,
    `  ${attempt.outcome ?? 'its end was not recorded: it is being made, or the gateway stopped in it'}`,
    ...Object.entries(attempt.requestHeaders).map(([name, value]) => `  > ${name}: ${value}`),
    ...(attempt.httpStatus === undefined ? [] : [`  < HTTP ${attempt.httpStatus}`]),
    ...(attempt.answerType === undefined ? [] : [`  < Content-Type: ${attempt.answerType}`]),
    ...(attempt.answerExcerpt || undefined ? quoted(attempt.answerExcerpt ?? '') : []),
  ]);
  return [...facts.map(([name = '', value]) => `${name.padEnd(10)}${value}`), '', body, ...attempts, ''].join('\n');
}

const lasted = (start: Date, end: Date | undefined): string =>
  end === undefined ? '' : `, ${end.getTime() - start.getTime()} ms`;

const quoted = (text: string): string[] => text.split('\n').map((line) => `  < ${line}`);

/** What a test of an endpoint found, one line for each thing tried. */
export function reportText({ url, eventId, checks }: EndpointReport): string {
  const lines = checks.flatMap(({ tried, ok, says, ms, answerExcerpt }) => [
    `  ${ok ? '✔' : '✘'} ${tried}${ms === undefined ? '' : ` (${ms} ms)`}: ${says}`,
    ...(!ok && answerExcerpt ? quoted(answerExcerpt).map((line) => `  ${line}`) : []),
  ]);
  return [`  POST ${url}`, `  webhook-id: ${eventId}`, ...lines, ''].join('\n');
}
