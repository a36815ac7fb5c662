/**
 * Waits while another request is at the acquirer for the same subject, so that repeats give the same answer (decisions,
 * "Idempotency"). Works across processes: it asks the attempt, not this process's memory.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { isSending } from './attempt.store.ts';
import type { Subject } from './attempt.ts';

const pollMs = 25;
const polls = 200;

/**
 * @returns when no call for this subject is on its way
 * @throws Fault CONCURRENT_REQUEST after five seconds
 */
export async function awaitAnswer(
  gateway: Pick<Gateway, 'database'>,
  merchantId: string,
  subject: Subject,
): Promise<void> {
  for (let poll = 0; poll < polls; poll++) {
    if (!(await isSending(gateway.database, merchantId, subject))) return;
    await sleep(pollMs);
  }
  throw new Fault('CONCURRENT_REQUEST');
}
