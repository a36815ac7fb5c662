/**
 * Writes an outcome down, once, whoever learns it first: the call itself or a later inquiry. What it moved is booked in
 * the same transaction, so that the ledger and the attempts never tell different stories.
 */
import type { Outcome } from '../connector/outcome.ts';
import type { Tx } from '../storage/database.ts';
import { bookMovement, recordOutcome } from './attempt.store.ts';
import type { Attempt } from './attempt.ts';

/** Which way money goes when an attempt is approved. */
const movements: Readonly<Partial<Record<Attempt['verb'], 'CAPTURE' | 'REFUND'>>> = {
  purchase: 'CAPTURE',
  capture: 'CAPTURE',
  refund: 'REFUND',
};

export type Concluded = Pick<
  Attempt,
  'merchantId' | 'attemptId' | 'subject' | 'verb' | 'originalAttemptId' | 'currency' | 'amountMinor'
>;

/** @returns false when the attempt was final before; then nothing may be settled again */
export async function conclude(tx: Tx, attempt: Concluded, outcome: Outcome, now: Date): Promise<boolean> {
  if (!(await recordOutcome(tx, attempt.merchantId, attempt.attemptId, outcome, now))) return false;
  const kind = movements[attempt.verb];
  if (kind !== undefined && outcome.kind === 'approved') await bookMovement(tx, { ...attempt, kind }, now);
  return true;
}
