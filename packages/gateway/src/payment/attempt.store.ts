/** SQL of attempts. */
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
  status: AttemptStatus;
  decline_reason: Attempt['declineReason'];
  created_at: Date;
}

const columns =
  'merchant_id, attempt_id, subject_kind, subject_id, verb, connector, status, decline_reason, created_at';

const insert = statement(
  'attempt/insert',
  `insert into payment_attempt
     (merchant_id, attempt_id, subject_kind, subject_id, verb, connector, status, currency, amount_minor, created_at, updated_at)
   values ($1, $2, $3, $4, $5, $6, 'SENDING', $7, $8, $9, $9)`,
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

export async function insertAttempt(
  tx: Tx,
  attempt: Omit<Attempt, 'status' | 'declineReason'> & { currency: string; amountMinor: bigint },
): Promise<void> {
  await tx.rows(insert, [
    attempt.merchantId,
    attempt.attemptId,
    attempt.subject.kind,
    attempt.subject.id,
    attempt.verb,
    attempt.connector,
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

function attemptFrom(row: AttemptRow): Attempt {
  return {
    merchantId: row.merchant_id,
    attemptId: row.attempt_id,
    subject: { kind: row.subject_kind, id: row.subject_id },
    verb: row.verb,
    connector: row.connector,
    status: row.status,
    declineReason: row.decline_reason,
    createdAt: row.created_at,
  };
}
