/**
 * The sandbox acquirer: a connector like any other, whose bank is a table. It keeps its own books, as a real acquirer
 * would, apart from ours: what it did under a reference it answers again, and it never does it twice. It must never
 * meet real money: a production configuration does not start with it.
 */

import type { Clock } from '../../clock.ts';
import { randomBase62 } from '../../id.ts';
import { type Database, statement } from '../../storage/database.ts';
import type { AcquirerCall, Connector } from '../connector.ts';
import type { DeclineReason } from '../declines.ts';
import type { Outcome } from '../outcome.ts';
import { testCardOf, triggerOf } from './triggers.ts';

type Booked = Outcome | { readonly kind: 'never' };

const book = statement<{ outcome: Booked }>(
  'sandbox/book',
  `insert into sandbox_transaction (reference, verb, outcome, currency, amount_minor, created_at)
   values ($1, $2, $3, $4, $5, $6)
   on conflict (reference) do nothing returning outcome`,
);

const read = statement<{ outcome: Booked }>(
  'sandbox/read',
  'select outcome from sandbox_transaction where reference = $1',
);

const noFacts = { type: '', issuerName: '', issueCountryCode: '' } as const;

/** @param deps.database - where the books are kept; in the sandbox, the gateway's own database */
export function sandboxAcquirer(deps: { database: Database; clock: Clock }): Connector {
  return {
    name: 'sandbox',
    acceptsUnchecked: (pan) => testCardOf(pan) !== undefined,
    factsOf: (pan) => testCardOf(pan)?.facts ?? noFacts,
    screen(amount) {
      const trigger = triggerOf(amount);
      if (trigger === undefined) return { anyPrecision: false };
      return { ...('fault' in trigger ? { fault: trigger.fault } : { unknown: true }), anyPrecision: true };
    },
    async verify(call) {
      const decision = testCardOf(call.card.pan)?.verify ?? 'approved';
      const outcome = await transact(deps, 'verify', call, outcomeOf(decision === 'unknown' ? 'approved' : decision));
      return decision === 'unknown' ? { kind: 'unknown' } : outcome;
    },
    async purchase(call) {
      const decision = testCardOf(call.card.pan)?.purchase ?? 'approved';
      const outcome = await transact(deps, 'purchase', call, outcomeOf(decision));
      const trigger = triggerOf(call.amount);
      return trigger !== undefined && 'outcome' in trigger ? { kind: 'unknown' } : outcome;
    },
    inquire: (reference) => inquire(deps, reference),
  };
}

function outcomeOf(decision: 'approved' | DeclineReason): Outcome {
  if (decision !== 'approved') return { kind: 'declined', reason: decision };
  return { kind: 'approved', acquirerReference: `SBX${randomBase62(12)}`, networkTransactionId: randomBase62(15) };
}

async function transact(
  { database, clock }: { database: Database; clock: Clock },
  verb: string,
  call: AcquirerCall,
  decision: Outcome,
): Promise<Outcome> {
  const values = [call.reference, verb, JSON.stringify(decision), call.currency, call.amountMinor, clock.now()];
  const [booked] = await database.rows(book, values);
  const outcome = booked?.outcome ?? (await database.rows(read, [call.reference]))[0]?.outcome;
  if (outcome === undefined) return { kind: 'unknown' };
  return outcome.kind === 'never' ? { kind: 'declined', reason: 'NEVER_RECEIVED' } : outcome;
}

/** A reference never seen is struck out, so that a call still on its way finds it taken. */
async function inquire({ database, clock }: { database: Database; clock: Clock }, reference: string): Promise<Booked> {
  const struck = JSON.stringify({ kind: 'never' });
  const [booked] = await database.rows(book, [reference, 'inquire', struck, '', 0n, clock.now()]);
  return booked?.outcome ?? (await database.rows(read, [reference]))[0]?.outcome ?? { kind: 'unknown' };
}
