/**
 * Sends notifications again: the same bytes under the same `webhook-id`, at once, and on the published schedule from its
 * beginning. Used by the command line and the operator's API. It never makes a new event, and never disturbs an attempt
 * that is being made.
 */
import type { Clock } from '../clock.ts';
import { sandboxClock } from '../job/merchant-clock.ts';
import { enqueue, hasten } from '../job/queue.ts';
import type { Database, Tx } from '../storage/database.ts';
import { type EventFilter, findNewest, findOldest, lockEvent, openRound } from './history.store.ts';
import { hostIn } from './request.ts';

interface Deps {
  readonly database: Database;
  readonly clock: Clock;
}

/** `resent`; `under way` when it is being sent at this moment; `unknown` when there is none, or it is another merchant's. */
export type Resent = 'resent' | 'under way' | 'unknown';

const pageSize = 100;

/**
 * Sends one notification again, whatever became of it before. Nudge afterwards.
 *
 * @example await resend(gateway, { merchantId: 'M1', eventId })
 */
export const resend = (
  { database, clock }: Deps,
  event: { readonly merchantId: string; readonly eventId: string },
): Promise<Resent> => database.transaction((tx) => resendIn(tx, clock, event.merchantId, event.eventId));

/**
 * Sends all notifications of a choice again, the oldest first: a range by `from` and `to`, all that failed by `failed`.
 * What is written while it works is not part of it. Nudge afterwards.
 *
 * @param onProgress - is told after each page how many were looked at
 * @returns how many were resent, and how many were being sent anyway
 * @example await resendAll(gateway, { merchantId: 'M1', failed: true, from: new Date('2026-11-23T10:00:00Z') })
 */
export async function resendAll(
  { database, clock }: Deps,
  filter: EventFilter,
  onProgress: (done: number) => void = () => {},
): Promise<{ readonly resent: number; readonly underWay: number }> {
  const [newest] = await findNewest(database, filter, 1);
  if (newest === undefined) return { resent: 0, underWay: 0 };
  let resent = 0;
  let underWay = 0;
  for (let after: string | undefined; ; ) {
    const page = await findOldest(database, filter, { after, until: newest.event_id, limit: pageSize });
    await database.transaction(async (tx) => {
      for (const { merchant_id, event_id } of page) {
        const result = await resendIn(tx, clock, merchant_id, event_id);
        if (result === 'resent') resent += 1;
        if (result === 'under way') underWay += 1;
      }
    });
    onProgress(resent + underWay);
    if (page.length < pageSize) return { resent, underWay };
    after = page.at(-1)?.event_id;
  }
}

async function resendIn(tx: Tx, machine: Clock, merchantId: string, eventId: string): Promise<Resent> {
  const now = (await sandboxClock(tx, machine, merchantId)).now();
  const event = await lockEvent(tx, merchantId, eventId);
  if (event === undefined) return 'unknown';
  const job = { kind: 'webhook/deliver', merchantId, lane: event.object_id, now };
  if (event.status === 'PENDING') {
    const change = { round: event.round + 1 };
    if (!(await hasten(tx, { ...job, payload: { eventId }, change, machineNow: machine.now() }))) return 'under way';
    await openRound(tx, merchantId, eventId, now);
  } else {
    const round = await openRound(tx, merchantId, eventId, now);
    const host = hostIn(event.notify_url);
    await enqueue(tx, { ...job, ...(host !== undefined && { host }), payload: { eventId, round }, dueAt: now });
  }
  return 'resent';
}
