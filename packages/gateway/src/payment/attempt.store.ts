/** SQL of attempts, and of the ledger that they write. */
import type { Original } from '../connector/connector.ts';
import type { Outcome } from '../connector/outcome.ts';
import { type Sql, statement, type Tx } from '../storage/database.ts';
import { expecting } from '../storage/expecting.ts';
import { eachRecord, records } from '../storage/records.ts';
import { type Attempt, type AttemptStatus, replaceable, type Subject, statusOf } from './attempt.ts';

interface AttemptRow {
  merchant_id: string;
  attempt_id: string;
  subject_kind: Subject['kind'];
  subject_id: string;
  verb: Attempt['verb'];
  connector: string;
  original_attempt_id: string | null;
  currency: string;
  amount_minor: bigint;
  status: AttemptStatus;
  decline_reason: Attempt['declineReason'];
  created_at: Date;
}

const columns = `merchant_id, attempt_id, subject_kind, subject_id, verb, connector, original_attempt_id, currency,
  amount_minor, status, decline_reason, created_at`;

const insert = statement(
  'attempt/insert',
  `insert into payment_attempt
     (merchant_id, attempt_id, subject_kind, subject_id, verb, connector, original_attempt_id, status, currency,
      amount_minor, created_at, updated_at)
   select merchant_id, attempt_id, subject_kind, subject_id, verb, connector, original_attempt_id, 'SENDING', currency,
     amount_minor, created_at, created_at
   from jsonb_populate_recordset(null::payment_attempt, $1)`,
);

/** What was recorded is booked with it, and nothing else is. */
const recorded = `with recorded as (
   update payment_attempt as known
   set status = told.status, decline_reason = told.decline_reason, acquirer_reference = told.acquirer_reference,
     network_transaction_id = told.network_transaction_id, updated_at = told.updated_at
   from unnest($1::jsonb[]) as one, jsonb_populate_record(null::payment_attempt, one) as told
   where known.merchant_id = told.merchant_id and known.attempt_id = told.attempt_id and known.status = any ($2)
   returning known.merchant_id, known.attempt_id
   ), booked as (
   insert into ledger_entry (merchant_id, attempt_id, payment_id, kind, currency, amount_minor, booked_at)
   select merchant_id, attempt_id, payment_id, kind, currency, amount_minor, booked_at
   from jsonb_populate_recordset(null::ledger_entry, $3) as moved join recorded using (merchant_id, attempt_id)
   )`;
const record = statement<{ attempt_id: string }>(
  'attempt/record-outcome',
  `${recorded} select attempt_id from recorded`,
);
const recordAll = statement(
  'attempt/record-all-outcomes',
  `${recorded} select ${expecting('count(*) = cardinality($1)')} from recorded`,
);

const find = statement<AttemptRow>(
  'attempt/find',
  `select ${columns} from payment_attempt where merchant_id = $1 and attempt_id = $2`,
);

const sending = statement<{ sending: boolean }>(
  'attempt/is-sending',
  `select exists (
     select 1 from payment_attempt
     where merchant_id = $1 and subject_kind = $2 and subject_id = $3 and status = 'SENDING'
   ) as sending`,
);

const original = statement<{
  attempt_id: string;
  connector: string;
  acquirer_reference: string;
  network_transaction_id: string;
}>(
  'attempt/find-original',
  `select attempt_id, connector, acquirer_reference, network_transaction_id from payment_attempt
   where merchant_id = $1 and subject_kind = $2 and subject_id = $3
     and verb in ('authorize', 'purchase') and status = 'APPROVED'`,
);

export async function insertAttempts(
  tx: Tx,
  attempts: readonly Omit<Attempt, 'status' | 'declineReason'>[],
): Promise<void> {
  const rows = attempts.map(({ merchantId, attemptId, subject, verb, connector, originalAttemptId, ...attempt }) => ({
    merchant_id: merchantId,
    attempt_id: attemptId,
    subject_kind: subject.kind,
    subject_id: subject.id,
    verb,
    connector,
    original_attempt_id: originalAttemptId,
    currency: attempt.currency,
    amount_minor: attempt.amountMinor,
    created_at: attempt.createdAt,
  }));
  await tx.rows(insert, [records(rows)]);
}

/** What became of an attempt. */
export interface Told extends Pick<Attempt, 'merchantId' | 'attemptId'> {
  readonly outcome: Outcome;
  /** Of money that moved; booked once, for its key is the attempt's. */
  readonly moved?: Movement | undefined;
  readonly now: Date;
}

interface Movement extends Pick<Attempt, 'originalAttemptId' | 'currency' | 'amountMinor'> {
  readonly kind: 'CAPTURE' | 'REFUND';
}

/**
 * Records outcomes, each of another attempt, and books what they moved.
 *
 * @returns the ids of those that were not final before; of the others nothing is booked, and nothing may be settled again
 */
export async function recordOutcomes(tx: Tx, told: readonly Told[]): Promise<ReadonlySet<string>> {
  const known = await tx.rows(record, outcomeValues(told));
  return new Set(known.map(({ attempt_id }) => attempt_id));
}

/** The same of all of them; refused when one was final before. */
export const recordEachOutcome = async (tx: Tx, told: readonly Told[]): Promise<void> =>
  void (await tx.rows(recordAll, outcomeValues(told)));

function outcomeValues(told: readonly Told[]): unknown[] {
  const rows = told.map(({ merchantId, attemptId, outcome, now }) => ({
    merchant_id: merchantId,
    attempt_id: attemptId,
    status: statusOf(outcome),
    updated_at: now,
    ...(outcome.kind === 'declined' && { decline_reason: outcome.reason }),
    ...(outcome.kind === 'approved' && {
      acquirer_reference: outcome.acquirerReference,
      network_transaction_id: outcome.networkTransactionId,
    }),
  }));
  const movements = told.flatMap(({ merchantId, attemptId, moved, now }) =>
    moved === undefined ? [] : [movementRow(merchantId, attemptId, moved, now)],
  );
  return [eachRecord(rows), replaceable, records(movements)];
}

const movementRow = (
  merchantId: string,
  attemptId: string,
  { originalAttemptId, kind, currency, amountMinor }: Movement,
  now: Date,
) => ({
  merchant_id: merchantId,
  attempt_id: attemptId,
  payment_id: originalAttemptId ?? attemptId,
  kind,
  currency,
  amount_minor: amountMinor,
  booked_at: now,
});

export async function findAttempt(sql: Sql, merchantId: string, attemptId: string): Promise<Attempt | undefined> {
  const [row] = await sql.rows(find, [merchantId, attemptId]);
  return row && attemptFrom(row);
}

/** Whether a call for this subject is on its way right now. */
export async function isSending(sql: Sql, merchantId: string, subject: Subject): Promise<boolean> {
  return (await sql.rows(sending, [merchantId, subject.kind, subject.id]))[0]?.sending ?? false;
}

/** An approved charge, and who made it. */
export interface Charge extends Original {
  readonly connector: string;
}

/** The approved authorisation or purchase of a subject: what a capture, a void or a refund is about. */
export async function findCharge(sql: Sql, merchantId: string, subject: Subject): Promise<Charge | undefined> {
  const [row] = await sql.rows(original, [merchantId, subject.kind, subject.id]);
  if (row === undefined) return undefined;
  return {
    reference: row.attempt_id,
    connector: row.connector,
    acquirerReference: row.acquirer_reference,
    networkTransactionId: row.network_transaction_id,
  };
}

function attemptFrom(row: AttemptRow): Attempt {
  return {
    merchantId: row.merchant_id,
    attemptId: row.attempt_id,
    subject: { kind: row.subject_kind, id: row.subject_id },
    verb: row.verb,
    connector: row.connector,
    originalAttemptId: row.original_attempt_id ?? undefined,
    currency: row.currency,
    amountMinor: row.amount_minor,
    status: row.status,
    declineReason: row.decline_reason,
    createdAt: row.created_at,
  };
}
