/**
 * Writes an outcome down, once, whoever learns it first: the call itself or a later inquiry. What it moved is booked in
 * the same transaction, so that the ledger and the attempts never tell different stories.
 */
import type { Outcome } from '../connector/outcome.ts';
import type { Tx } from '../storage/database.ts';
import { bookMovements, recordOutcomes } from './attempt.store.ts';
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
export const conclude = async (tx: Tx, attempt: Concluded, outcome: Outcome, now: Date): Promise<boolean> =>
  (await concludeAll(tx, [{ attempt, outcome, now }])).has(attempt.attemptId);

/** The same for several attempts. @returns the ids of those that were not final before */
export async function concludeAll(
  tx: Tx,
  told: readonly { readonly attempt: Concluded; readonly outcome: Outcome; readonly now: Date }[],
): Promise<ReadonlySet<string>> {
  const recorded = await recordOutcomes(
    tx,
    told.map(({ attempt: { merchantId, attemptId }, outcome, now }) => ({ merchantId, attemptId, outcome, now })),
  );
  await bookMovements(
    tx,
    told.flatMap(({ attempt, outcome, now }) => {
      const kind = movements[attempt.verb];
      const moved = kind !== undefined && outcome.kind === 'approved' && recorded.has(attempt.attemptId);
      return moved ? [{ ...attempt, kind, now }] : [];
    }),
  );
  return recorded;
}
