/** SQL of what was sent to an ISO 8583 host. A row is there before its message is; every change names the status it replaces. */
import { type Sql, statement, type Tx } from '../../storage/database.ts';
import type { DeclineReason } from '../declines.ts';

export type Verb = 'verify' | 'authorize' | 'purchase' | 'capture' | 'void' | 'refund';

/** Whose move it is: SENT and REVERSING the host's, the others nobody's. STRUCK: an inquiry came before the call. */
type ExchangeStatus = 'SENT' | 'REVERSING' | 'APPROVED' | 'DECLINED' | 'REVERSED' | 'STRUCK';

/** A message of ours: what its fields 7, 11 and 37 follow from. */
export interface Sending {
  readonly trace: bigint;
  readonly at: Date;
}

export interface Sent extends Sending {
  readonly reference: string;
  readonly merchantId: string;
  readonly verb: Verb;
  readonly status: ExchangeStatus;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly original: string | undefined;
  readonly retrievalReference: string | undefined;
  readonly approvalCode: string | undefined;
  readonly declineReason: DeclineReason | undefined;
  readonly reversal: Sending | undefined;
}

interface Row {
  reference: string;
  merchant_id: string;
  verb: Verb;
  status: ExchangeStatus;
  trace: bigint;
  sent_at: Date;
  currency: string;
  amount_minor: bigint;
  original: string | null;
  retrieval_reference: string | null;
  approval_code: string | null;
  decline_reason: DeclineReason | null;
  reversal_trace: bigint | null;
  reversal_at: Date | null;
}

const columns = `reference, merchant_id, verb, status, trace, sent_at, currency, amount_minor, original, retrieval_reference,
  approval_code, decline_reason, reversal_trace, reversal_at`;

const insert = statement<Row>(
  'iso8583/insert',
  `insert into iso8583_exchange (reference, merchant_id, verb, status, sent_at, currency, amount_minor, original,
     decline_reason)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
   on conflict (reference) do nothing returning ${columns}`,
);
const find = statement<Row>('iso8583/find', `select ${columns} from iso8583_exchange where reference = $1`);
const lock = statement<Row>(
  'iso8583/lock',
  `select ${columns} from iso8583_exchange where reference = $1 and merchant_id = $2 for no key update`,
);
const followed = statement<{ verb: Verb; times: number; moved: bigint }>(
  'iso8583/followed',
  `select verb, count(*)::integer as times, sum(amount_minor)::bigint as moved from iso8583_exchange
   where original = $1 and status in ('SENT', 'REVERSING', 'APPROVED') group by verb`,
);
const end = statement<Row>(
  'iso8583/end',
  `update iso8583_exchange
   set status = $3, retrieval_reference = coalesce($4, retrieval_reference), approval_code = $5, decline_reason = $6
   where reference = $1 and status = $2 returning ${columns}`,
);
const beginReversal = statement<Row>(
  'iso8583/begin-reversal',
  `update iso8583_exchange
   set status = 'REVERSING', reversal_at = $2,
     reversal_trace = nextval(pg_get_serial_sequence('iso8583_exchange', 'trace'))
   where reference = $1 and status = 'SENT' returning ${columns}`,
);

/** What is written before a message is sent. */
export type NewExchange = Pick<Sent, 'reference' | 'merchantId' | 'verb' | 'currency' | 'amountMinor' | 'at'> & {
  readonly original?: string | undefined;
  readonly status: 'SENT' | 'DECLINED' | 'STRUCK';
  readonly declineReason?: DeclineReason | undefined;
};

/** Undefined when the reference is there already: nothing may be sent under it again. */
export async function insertExchange(sql: Sql, row: NewExchange): Promise<Sent | undefined> {
  const { reference, merchantId, verb, status, at, currency, amountMinor, original = null, declineReason = null } = row;
  const values = [reference, merchantId, verb, status, at, currency, amountMinor, original, declineReason];
  return (await sql.rows(insert, values)).map(sentFrom)[0];
}

export const findExchange = async (sql: Sql, reference: string): Promise<Sent | undefined> =>
  (await sql.rows(find, [reference])).map(sentFrom)[0];

/** A charge, locked until the transaction ends, and what was taken from it or is on its way. */
export async function lockCharge(
  tx: Tx,
  merchantId: string,
  reference: string,
): Promise<
  | {
      readonly charge: Sent;
      readonly captures: number;
      readonly voids: number;
      readonly moved: Record<'captured' | 'refunded', bigint>;
    }
  | undefined
> {
  const [charge] = (await tx.rows(lock, [reference, merchantId])).map(sentFrom);
  if (charge === undefined) return undefined;
  const sums = new Map((await tx.rows(followed, [reference])).map((row) => [row.verb, row]));
  return {
    charge,
    captures: sums.get('capture')?.times ?? 0,
    voids: sums.get('void')?.times ?? 0,
    moved: { captured: sums.get('capture')?.moved ?? 0n, refunded: sums.get('refund')?.moved ?? 0n },
  };
}

/** How an exchange ended. */
export interface ExchangeEnd {
  readonly status: 'APPROVED' | 'DECLINED' | 'REVERSED';
  readonly retrievalReference?: string | undefined;
  readonly approvalCode?: string | undefined;
  readonly declineReason?: DeclineReason | undefined;
}

/** Undefined when it was not `from` any more: an answer that came too late changes nothing. */
export async function endExchange(
  sql: Sql,
  reference: string,
  from: 'SENT' | 'REVERSING',
  { status, retrievalReference = undefined, approvalCode, declineReason }: ExchangeEnd,
): Promise<Sent | undefined> {
  const values = [reference, from, status, retrievalReference ?? null, approvalCode ?? null, declineReason ?? null];
  return (await sql.rows(end, values)).map(sentFrom)[0];
}

/** From here on an approval that still comes is none. Undefined when the exchange has ended, or is being reversed already. */
export const startReversal = async (sql: Sql, reference: string, now: Date): Promise<Sent | undefined> =>
  (await sql.rows(beginReversal, [reference, now])).map(sentFrom)[0];

const sentFrom = (row: Row): Sent => ({
  reference: row.reference,
  merchantId: row.merchant_id,
  verb: row.verb,
  status: row.status,
  trace: row.trace,
  at: row.sent_at,
  currency: row.currency,
  amountMinor: row.amount_minor,
  original: row.original ?? undefined,
  retrievalReference: row.retrieval_reference ?? undefined,
  approvalCode: row.approval_code ?? undefined,
  declineReason: row.decline_reason ?? undefined,
  reversal:
    row.reversal_trace === null || row.reversal_at === null
      ? undefined
      : { trace: row.reversal_trace, at: row.reversal_at },
});
