/** SQL of orders. Writes repeat the status they expect to replace. */
import type { OrderStatus } from '@waffo/protocol/statuses';
import { type Sql, statement, type Tx } from '../storage/database.ts';
import type { Order, OrderEcho, OrderFailure } from './order.ts';

interface OrderRow {
  merchant_id: string;
  acquiring_order_id: string;
  payment_request_id: string;
  request_fingerprint: Buffer;
  merchant_order_id: string;
  status: OrderStatus;
  currency: string;
  amount_minor: bigint;
  amount: string;
  token_id: string;
  initiator: 'CIT' | 'MIT';
  echo: OrderEcho;
  failure: OrderFailure | null;
  notify_url: string;
  requested_at: Date;
  expires_at: Date;
  completed_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

const columns = `merchant_id, acquiring_order_id, payment_request_id, request_fingerprint, merchant_order_id, status,
  currency, amount_minor, amount, token_id, initiator, echo, failure, notify_url, requested_at, expires_at, completed_at,
  created_at, updated_at`;

const insert = statement<{ acquiring_order_id: string }>(
  'order/insert',
  `insert into payment_order (${columns})
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
   on conflict (merchant_id, payment_request_id) do nothing
   returning acquiring_order_id`,
);

const find = statement<OrderRow>(
  'order/find',
  `select ${columns} from payment_order where merchant_id = $1 and acquiring_order_id = $2`,
);

const findByRequest = statement<OrderRow>(
  'order/find-by-request',
  `select ${columns} from payment_order where merchant_id = $1 and payment_request_id = $2`,
);

const save = statement<{ acquiring_order_id: string }>(
  'order/save',
  `update payment_order set status = $4, failure = $5, completed_at = $6, updated_at = $7
   where merchant_id = $1 and acquiring_order_id = $2 and status = $3
   returning acquiring_order_id`,
);

/** True when this call made the row; false when the request id was there already. */
export async function insertOrder(tx: Tx, order: Order): Promise<boolean> {
  const rows = await tx.rows(insert, [
    order.merchantId,
    order.acquiringOrderId,
    order.paymentRequestId,
    order.requestFingerprint,
    order.merchantOrderId,
    order.status,
    order.currency,
    order.amountMinor,
    order.amount,
    order.tokenId,
    order.initiator,
    JSON.stringify(order.echo),
    order.failure === undefined ? null : JSON.stringify(order.failure),
    order.notifyUrl,
    order.requestedAt,
    order.expiresAt,
    order.completedAt ?? null,
    order.createdAt,
    order.updatedAt,
  ]);
  return rows.length === 1;
}

export const findOrder = async (sql: Sql, merchantId: string, acquiringOrderId: string): Promise<Order | undefined> =>
  (await sql.rows(find, [merchantId, acquiringOrderId])).map(orderFrom)[0];

export const findOrderByRequest = async (
  sql: Sql,
  merchantId: string,
  paymentRequestId: string,
): Promise<Order | undefined> => (await sql.rows(findByRequest, [merchantId, paymentRequestId])).map(orderFrom)[0];

/** Saves an order that had `expected` as its status; false when another change was faster. */
export async function saveOrder(tx: Tx, order: Order, expected: OrderStatus): Promise<boolean> {
  const rows = await tx.rows(save, [
    order.merchantId,
    order.acquiringOrderId,
    expected,
    order.status,
    order.failure === undefined ? null : JSON.stringify(order.failure),
    order.completedAt ?? null,
    order.updatedAt,
  ]);
  return rows.length === 1;
}

function orderFrom(row: OrderRow): Order {
  return {
    merchantId: row.merchant_id,
    acquiringOrderId: row.acquiring_order_id,
    paymentRequestId: row.payment_request_id,
    requestFingerprint: row.request_fingerprint,
    merchantOrderId: row.merchant_order_id,
    status: row.status,
    currency: row.currency,
    amountMinor: row.amount_minor,
    amount: row.amount,
    tokenId: row.token_id,
    initiator: row.initiator,
    echo: row.echo,
    failure: row.failure ?? undefined,
    notifyUrl: row.notify_url,
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
    completedAt: row.completed_at ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
