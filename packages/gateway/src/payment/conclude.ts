/**
 * Writes an outcome down, once, whoever learns it first: the call itself or a later inquiry. What it moved is booked in
 * the same transaction, so that the ledger and the attempts never tell different stories.
 */
import type { Outcome } from '../connector/outcome.ts';
import type { Tx } from '../storage/database.ts';
import { recordEachOutcome, recordOutcomes, type Told } from './attempt.store.ts';
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

/** An attempt, and what became of it. */
interface Ending {
  readonly attempt: Concluded;
  readonly outcome: Outcome;
  readonly now: Date;
}

/** @returns false when the attempt was final before; then nothing may be settled again */
export const conclude = async (tx: Tx, attempt: Concluded, outcome: Outcome, now: Date): Promise<boolean> =>
  (await concludeAll(tx, [{ attempt, outcome, now }])).has(attempt.attemptId);

/** The same for several attempts. @returns the ids of those that were not final before */
export const concludeAll = (tx: Tx, told: readonly Ending[]): Promise<ReadonlySet<string>> =>
  recordOutcomes(tx, told.map(toTell));

/** The same of all of them; refused when one was final before. */
export const concludeEach = (tx: Tx, told: readonly Ending[]): Promise<void> => recordEachOutcome(tx, told.map(toTell));

function toTell({ attempt, outcome, now }: Ending): Told {
  const kind = outcome.kind === 'approved' ? movements[attempt.verb] : undefined;
  return { outcome, moved: kind && { kind, ...attempt }, now, ...attempt };
}
