/** Waits while another request asks the issuer for the same subject, so that repeats give the same answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { findAuthenticationOf } from './authentication.store.ts';
import type { AuthenticationSubject } from './authentication.ts';

const pollMs = 25;
const polls = 200;

/**
 * @returns when the issuer has answered, or was not asked
 * @throws Fault CONCURRENT_REQUEST after five seconds
 */
export async function awaitIssuer(
  { database }: Pick<Gateway, 'database'>,
  merchantId: string,
  subject: AuthenticationSubject,
): Promise<void> {
  for (let poll = 0; poll < polls; poll++) {
    if ((await findAuthenticationOf(database, merchantId, subject))?.status !== 'CREATED') return;
    await sleep(pollMs);
  }
  throw new Fault('CONCURRENT_REQUEST');
}
