/**
 * The sandbox acquirer: a connector like any other, whose bank is a table. It keeps its own books, as a real acquirer
 * would, apart from ours: what it did under a reference it answers again, it never does it twice, and it takes and pays
 * back no more than what its books say. It must never meet real money: a production configuration does not start with it.
 */

import type { Clock } from '../../clock.ts';
import { randomBase62 } from '../../id.ts';
import type { Database, Sql } from '../../storage/database.ts';
import { cardMethods, playedMethods } from '../card-methods.ts';
import type { AcquirerCall, Connector, FollowUpCall } from '../connector.ts';
import type { DeclineReason } from '../declines.ts';
import type { Outcome } from '../outcome.ts';
import { bookOf, type Entry, enter, enterFollowUp, hasTransactions, strike } from './books.store.ts';
import { type TestCard, testCardOf, triggerOf } from './triggers.ts';

interface Deps {
  readonly database: Database;
  readonly clock: Clock;
}

const noFacts = { type: '', issuerName: '', issueCountryCode: '' } as const;

/** @param deps.database - where the books are kept; in the sandbox, the gateway's own database */
export function sandboxAcquirer(deps: Deps): Connector {
  return {
    name: 'sandbox',
    payMethods: [...cardMethods, ...playedMethods],
    acceptsUnchecked: (pan) => testCardOf(pan) !== undefined,
    factsOf: (pan) => testCardOf(pan)?.facts ?? noFacts,
    screen(amount) {
      const trigger = triggerOf(amount);
      if (trigger === undefined) return { anyPrecision: false };
      return { ...('fault' in trigger ? { fault: trigger.fault } : { unknown: true }), anyPrecision: true };
    },
    async verify(call) {
      const decision = testCardOf(call.card.pan)?.verify ?? 'approved';
      const outcome = await charge(deps, 'verify', call, decision === 'unknown' ? 'approved' : decision);
      return decision === 'unknown' ? { kind: 'unknown' } : outcome;
    },
    authorize: async (call) =>
      unlessSilent(call, await charge(deps, 'authorize', call, testCardOf(call.card.pan)?.purchase ?? 'approved')),
    purchase: async (call) =>
      unlessSilent(call, await charge(deps, 'purchase', call, testCardOf(call.card.pan)?.purchase ?? 'approved')),
    capture: async (call) => unlessSilent(call, await followUp(deps, 'capture', call)),
    void: async (call) => unlessSilent(call, await followUp(deps, 'void', call)),
    refund: async (call) => unlessSilent(call, await followUp(deps, 'refund', call)),
    async inquire(reference) {
      const outcome = await strike(deps.database, reference, deps.clock.now());
      return outcome ?? { kind: 'unknown' };
    },
  };
}

/** Amounts of the unknown kind take effect, and are not answered. */
const unlessSilent = (call: { readonly amount: string }, outcome: Outcome): Outcome => {
  const trigger = triggerOf(call.amount);
  return trigger !== undefined && 'outcome' in trigger ? { kind: 'unknown' } : outcome;
};

async function charge(
  { database, clock }: Deps,
  verb: 'verify' | 'authorize' | 'purchase',
  call: AcquirerCall,
  decision: 'approved' | DeclineReason,
): Promise<Outcome> {
  const { reference, currency, amountMinor, networkTransactionId } = call;
  const followUps: TestCard['followUps'] = testCardOf(call.card.pan)?.followUps ?? {};
  const outcome = outcomeOf(decision, networkTransactionId);
  const entry: Entry = { reference, verb, outcome, currency, amountMinor, followUps };
  return answered(await enter(database, entry, clock.now()));
}

/** Decided while the original's row is locked, so that two at once cannot take more than there is. */
async function followUp(
  { database, clock }: Deps,
  verb: 'capture' | 'void' | 'refund',
  call: FollowUpCall,
): Promise<Outcome> {
  const { reference, currency, amountMinor } = call;
  const booked = await database.transaction(async (tx) => {
    const book = await bookOf(tx, call.original.reference);
    const decision = book?.followUps[verb] ?? refusalOf(verb, book, amountMinor) ?? 'approved';
    const entry: Entry = { reference, verb, outcome: outcomeOf(decision), currency, amountMinor, followUps: {} };
    return enterFollowUp(tx, entry, book?.reference ?? null, clock.now());
  });
  return answered(booked);
}

/** What the books do not allow. */
function refusalOf(
  verb: 'capture' | 'void' | 'refund',
  book: Awaited<ReturnType<typeof bookOf>>,
  amountMinor: bigint,
): DeclineReason | undefined {
  if (book === undefined || book.outcome.kind !== 'approved') return 'PROCESSING_ERROR';
  const open = book.verb === 'authorize' && book.captures === 0 && !book.voided;
  if (verb !== 'refund' && !open) return 'NOT_CAPTURABLE';
  if (verb === 'capture' && amountMinor > book.amountMinor) return 'AMOUNT_EXCEEDED';
  const captured = book.verb === 'purchase' ? book.amountMinor : book.capturedMinor;
  if (verb === 'refund' && book.refundedMinor + amountMinor > captured) return 'AMOUNT_EXCEEDED';
  return undefined;
}

/** @param networkTransactionId - of the payment that this one belongs to; it is answered with that */
function outcomeOf(decision: 'approved' | DeclineReason, networkTransactionId = randomBase62(15)): Outcome {
  if (decision !== 'approved') return { kind: 'declined', reason: decision };
  return { kind: 'approved', acquirerReference: `SBX${randomBase62(12)}`, networkTransactionId };
}

function answered(booked: Entry['outcome'] | undefined): Outcome {
  if (booked === undefined) return { kind: 'unknown' };
  return booked.kind === 'never' ? { kind: 'declined', reason: 'NEVER_RECEIVED' } : booked;
}

/** Whether this acquirer ever did anything with this database. */
export const hasSandboxPayments = (sql: Sql): Promise<boolean> => hasTransactions(sql);
