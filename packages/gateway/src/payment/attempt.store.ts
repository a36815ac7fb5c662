/** SQL of attempts, and of the ledger that they write. */
import type { Original } from '../connector/connector.ts';
import type { Outcome } from '../connector/outcome.ts';
import { type Sql, statement, type Tx } from '../storage/database.ts';
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
   values ($1, $2, $3, $4, $5, $6, $7, 'SENDING', $8, $9, $10, $10)`,
);

const record = statement<{ attempt_id: string }>(
  'attempt/record-outcome',
  `update payment_attempt
   set status = $3, decline_reason = $4, acquirer_reference = $5, network_transaction_id = $6, updated_at = $7
   where merchant_id = $1 and attempt_id = $2 and status = any ($8)
   returning attempt_id`,
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

const book = statement(
  'ledger/book',
  `insert into ledger_entry (merchant_id, attempt_id, payment_id, kind, currency, amount_minor, booked_at)
   values ($1, $2, $3, $4, $5, $6, $7)`,
);

export async function insertAttempt(tx: Tx, attempt: Omit<Attempt, 'status' | 'declineReason'>): Promise<void> {
  await tx.rows(insert, [
    attempt.merchantId,
    attempt.attemptId,
    attempt.subject.kind,
    attempt.subject.id,
    attempt.verb,
    attempt.connector,
    attempt.originalAttemptId ?? null,
    attempt.currency,
    attempt.amountMinor,
    attempt.createdAt,
  ]);
}

/** Records an outcome; false when the attempt was already final, and then nothing may be settled again. */
export async function recordOutcome(
  tx: Tx,
  merchantId: string,
  attemptId: string,
  outcome: Outcome,
  now: Date,
): Promise<boolean> {
  const updated = await tx.rows(record, [
    merchantId,
    attemptId,
    statusOf(outcome),
    outcome.kind === 'declined' ? outcome.reason : null,
    outcome.kind === 'approved' ? outcome.acquirerReference : null,
    outcome.kind === 'approved' ? outcome.networkTransactionId : null,
    now,
    replaceable,
  ]);
  return updated.length === 1;
}

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

/** Books money that moved. An attempt is booked once: its key is the attempt's. */
export async function bookMovement(
  tx: Tx,
  movement: Pick<Attempt, 'merchantId' | 'attemptId' | 'originalAttemptId' | 'currency' | 'amountMinor'> & {
    readonly kind: 'CAPTURE' | 'REFUND';
  },
  now: Date,
): Promise<void> {
  const { merchantId, attemptId, originalAttemptId = attemptId, kind, currency, amountMinor } = movement;
  await tx.rows(book, [merchantId, attemptId, originalAttemptId, kind, currency, amountMinor, now]);
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
