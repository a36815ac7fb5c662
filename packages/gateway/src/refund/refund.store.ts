/** SQL of refunds. Writes repeat the status they expect to replace. */
import type { RefundStatus } from '@waffo/protocol/statuses';
import { type Sql, statement, type Tx } from '../storage/database.ts';
import type { Refund, RefundEcho, RefundFailure } from './refund.ts';

interface RefundRow {
  merchant_id: string;
  acquiring_refund_order_id: string;
  refund_request_id: string;
  request_fingerprint: Buffer;
  acquiring_order_id: string;
  status: RefundStatus;
  currency: string;
  amount_minor: bigint;
  amount: string;
  echo: RefundEcho;
  failure: RefundFailure | null;
  notify_url: string | null;
  requested_at: Date;
  completed_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

const columns = `merchant_id, acquiring_refund_order_id, refund_request_id, request_fingerprint, acquiring_order_id,
  status, currency, amount_minor, amount, echo, failure, notify_url, requested_at, completed_at, created_at, updated_at`;

const insert = statement<{ refund_request_id: string }>(
  'refund/insert',
  `insert into payment_refund (merchant_id, acquiring_refund_order_id, refund_request_id, request_fingerprint,
     acquiring_order_id, status, currency, amount_minor, amount, echo, notify_url, requested_at, created_at, updated_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
   on conflict (merchant_id, refund_request_id) do nothing
   returning refund_request_id`,
);

const find = statement<RefundRow>(
  'refund/find',
  `select ${columns} from payment_refund where merchant_id = $1 and acquiring_refund_order_id = $2`,
);

const findByRequest = statement<RefundRow>(
  'refund/find-by-request',
  `select ${columns} from payment_refund where merchant_id = $1 and refund_request_id = $2`,
);

const save = statement<{ refund_request_id: string }>(
  'refund/save',
  `update payment_refund set status = $4, failure = $5, completed_at = $6, updated_at = $7
   where merchant_id = $1 and acquiring_refund_order_id = $2 and status = $3
   returning refund_request_id`,
);

/** True when this call made the row; false when the request id was there already. */
export async function insertRefund(tx: Tx, refund: Refund): Promise<boolean> {
  const rows = await tx.rows(insert, [
    refund.merchantId,
    refund.acquiringRefundOrderId,
    refund.refundRequestId,
    refund.requestFingerprint,
    refund.acquiringOrderId,
    refund.status,
    refund.currency,
    refund.amountMinor,
    refund.amount,
    JSON.stringify(refund.echo),
    refund.notifyUrl ?? null,
    refund.requestedAt,
    refund.createdAt,
    refund.updatedAt,
  ]);
  return rows.length === 1;
}

export const findRefund = async (sql: Sql, merchantId: string, refundId: string): Promise<Refund | undefined> =>
  (await sql.rows(find, [merchantId, refundId])).map(refundFrom)[0];

export const findRefundByRequest = async (
  sql: Sql,
  merchantId: string,
  refundRequestId: string,
): Promise<Refund | undefined> => (await sql.rows(findByRequest, [merchantId, refundRequestId])).map(refundFrom)[0];

/** Saves a refund that had `expected` as its status; false when another change was faster. */
export async function saveRefund(tx: Tx, refund: Refund, expected: RefundStatus): Promise<boolean> {
  const rows = await tx.rows(save, [
    refund.merchantId,
    refund.acquiringRefundOrderId,
    expected,
    refund.status,
    refund.failure === undefined ? null : JSON.stringify(refund.failure),
    refund.completedAt ?? null,
    refund.updatedAt,
  ]);
  return rows.length === 1;
}

function refundFrom(row: RefundRow): Refund {
  return {
    merchantId: row.merchant_id,
    acquiringRefundOrderId: row.acquiring_refund_order_id,
    refundRequestId: row.refund_request_id,
    requestFingerprint: row.request_fingerprint,
    acquiringOrderId: row.acquiring_order_id,
    status: row.status,
    currency: row.currency,
    amountMinor: row.amount_minor,
    amount: row.amount,
    echo: row.echo,
    failure: row.failure ?? undefined,
    notifyUrl: row.notify_url ?? undefined,
    requestedAt: row.requested_at,
    completedAt: row.completed_at ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
