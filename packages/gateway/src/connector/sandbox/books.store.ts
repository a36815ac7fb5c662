/** SQL of the sandbox acquirer's books. A reference is entered once; whoever comes second is answered what was entered. */
import { type Database, type Sql, statement, type Tx } from '../../storage/database.ts';
import { inBatches } from '../../storage/grouped.ts';
import { records } from '../../storage/records.ts';
import type { DeclineReason } from '../declines.ts';
import type { Outcome } from '../outcome.ts';

export interface Entry {
  readonly reference: string;
  readonly verb: string;
  /** `never`: struck out by an inquiry before it came. */
  readonly outcome: Outcome | { readonly kind: 'never' };
  readonly currency: string;
  readonly amountMinor: bigint;
  /** What later calls about this one come to, other than approval. */
  readonly followUps: Readonly<Partial<Record<'capture' | 'void' | 'refund', DeclineReason>>>;
}

/** An entry with what followed it. */
export interface Book extends Entry {
  readonly captures: number;
  readonly capturedMinor: bigint;
  readonly refundedMinor: bigint;
  readonly voided: boolean;
}

interface BookRow {
  reference: string;
  verb: string;
  outcome: Entry['outcome'];
  currency: string;
  amount_minor: bigint;
  follow_ups: Entry['followUps'];
}

interface SumRow {
  captures: number;
  captured: bigint;
  refunded: bigint;
  voids: number;
}

const insert = statement<{ reference: string; outcome: Entry['outcome'] }>(
  'sandbox/book',
  `insert into sandbox_transaction (reference, verb, outcome, currency, amount_minor, follow_ups, original, created_at)
   select reference, verb, outcome, currency, amount_minor, follow_ups, original, created_at
   from jsonb_populate_recordset(null::sandbox_transaction, $1)
   on conflict (reference) do nothing returning reference, outcome`,
);

const read = statement<{ outcome: Entry['outcome'] }>(
  'sandbox/read',
  'select outcome from sandbox_transaction where reference = $1',
);

const lock = statement<BookRow>(
  'sandbox/lock',
  `select reference, verb, outcome, currency, amount_minor, follow_ups
   from sandbox_transaction where reference = $1 for no key update`,
);

const sums = statement<SumRow>(
  'sandbox/sums',
  `select count(*) filter (where verb = 'capture')::integer as captures,
     coalesce(sum(amount_minor) filter (where verb = 'capture'), 0)::bigint as captured,
     coalesce(sum(amount_minor) filter (where verb = 'refund'), 0)::bigint as refunded,
     count(*) filter (where verb = 'void')::integer as voids
   from sandbox_transaction where original = $1 and outcome->>'kind' = 'approved'`,
);

/** @returns what the books now say of the reference */
export const enter = (database: Database, entry: Entry, now: Date): Promise<Entry['outcome'] | undefined> =>
  enterTogether(database, { entry, now });

export const enterFollowUp = (
  tx: Tx,
  entry: Entry,
  original: string | null,
  now: Date,
): Promise<Entry['outcome'] | undefined> => entered(tx, entry, now, original);

/** A reference never seen is struck out, so that a call still on its way finds it taken. */
export const strike = (sql: Sql, reference: string, now: Date): Promise<Entry['outcome'] | undefined> =>
  entered(
    sql,
    { reference, verb: 'inquire', outcome: { kind: 'never' }, currency: '', amountMinor: 0n, followUps: {} },
    now,
  );

interface NewEntry {
  readonly entry: Entry;
  readonly now: Date;
  readonly original?: string | null;
}

const enterTogether = inBatches((database, entries: readonly NewEntry[]) => enterAll(database, entries));

const entered = async (sql: Sql, entry: Entry, now: Date, original: string | null = null) =>
  (await enterAll(sql, [{ entry, now, original }]))[0];

async function enterAll(sql: Sql, entries: readonly NewEntry[]): Promise<(Entry['outcome'] | undefined)[]> {
  const rows = entries.map(({ entry, now, original }) => ({
    reference: entry.reference,
    verb: entry.verb,
    outcome: entry.outcome,
    currency: entry.currency,
    amount_minor: entry.amountMinor,
    follow_ups: entry.followUps,
    original,
    created_at: now,
  }));
  const booked = new Map((await sql.rows(insert, [records(rows)])).map((row) => [row.reference, row.outcome]));
  return Promise.all(
    entries.map(
      async ({ entry: { reference } }) => booked.get(reference) ?? (await sql.rows(read, [reference]))[0]?.outcome,
    ),
  );
}

/** What the books say of a reference, locked until the transaction ends. */
export async function bookOf(tx: Tx, reference: string): Promise<Book | undefined> {
  const [row] = await tx.rows(lock, [reference]);
  const [sum] = await tx.rows(sums, [reference]);
  if (row === undefined || sum === undefined) return undefined;
  return {
    reference: row.reference,
    verb: row.verb,
    outcome: row.outcome,
    currency: row.currency,
    amountMinor: row.amount_minor,
    followUps: row.follow_ups,
    captures: sum.captures,
    capturedMinor: sum.captured,
    refundedMinor: sum.refunded,
    voided: sum.voids > 0,
  };
}

const hasRows = statement<{ found: boolean }>(
  'sandbox-transaction/exist',
  'select exists (select from sandbox_transaction) as found',
);

/** Whether the sandbox acquirer ever did anything here. */
export const hasTransactions = async (sql: Sql): Promise<boolean> => (await sql.rows(hasRows))[0]?.found ?? false;
