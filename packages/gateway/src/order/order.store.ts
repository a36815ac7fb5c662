/** SQL of orders. Writes repeat the status they expect to replace. */
import type { OrderStatus } from '@waffo/protocol/statuses';
import { type Sql, statement, type Tx } from '../storage/database.ts';
import type { Order, OrderEcho, OrderFailure, WaitingCard } from './order.ts';

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
  token_id: string | null;
  initiator: 'CIT' | 'MIT';
  capture_mode: Order['captureMode'];
  cancelling: boolean;
  captured_minor: bigint;
  refunded_minor: bigint;
  refunding_minor: bigint;
  refund_count: number;
  limit_day: string | null;
  waiting_card: WaitingCard | null;
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
  currency, amount_minor, amount, token_id, initiator, capture_mode, cancelling, captured_minor, refunded_minor,
  refunding_minor, refund_count, limit_day::text, waiting_card, echo, failure, notify_url, requested_at, expires_at, completed_at,
  created_at, updated_at`;

const insert = statement<{ acquiring_order_id: string }>(
  'order/insert',
  `insert into payment_order (merchant_id, acquiring_order_id, payment_request_id, request_fingerprint,
     merchant_order_id, status, currency, amount_minor, amount, token_id, initiator, capture_mode, limit_day, echo,
     notify_url, requested_at, expires_at, created_at, updated_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
   on conflict (merchant_id, payment_request_id) do nothing
   returning acquiring_order_id`,
);

const find = statement<OrderRow>(
  'order/find',
  `select ${columns} from payment_order where merchant_id = $1 and acquiring_order_id = $2`,
);

// A refund's foreign key shares the row's key: a stronger lock would wait for it, and it for the lock.
const lock = statement<OrderRow>('order/lock', `${find.text} for no key update`);

const findByRequest = statement<OrderRow>(
  'order/find-by-request',
  `select ${columns} from payment_order where merchant_id = $1 and payment_request_id = $2`,
);

const save = statement<{ acquiring_order_id: string }>(
  'order/save',
  `update payment_order
   set status = $4, failure = $5, completed_at = $6, updated_at = $7, cancelling = $8, captured_minor = $9,
     refunded_minor = $10, refunding_minor = $11, refund_count = $12, echo = $13, token_id = $14
   where merchant_id = $1 and acquiring_order_id = $2 and status = $3
   returning acquiring_order_id`,
);

const saveWaiting = statement(
  'order/save-waiting-card',
  'update payment_order set waiting_card = $3 where merchant_id = $1 and acquiring_order_id = $2',
);

/** Notes which card waits in the vault; undefined: none any more. */
export async function saveWaitingCard(
  tx: Tx,
  { merchantId, acquiringOrderId }: Pick<Order, 'merchantId' | 'acquiringOrderId'>,
  card: WaitingCard | undefined,
): Promise<void> {
  await tx.rows(saveWaiting, [merchantId, acquiringOrderId, card === undefined ? null : JSON.stringify(card)]);
}

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
    order.tokenId ?? null,
    order.initiator,
    order.captureMode,
    order.limitDay ?? null,
    JSON.stringify(order.echo),
    order.notifyUrl,
    order.requestedAt,
    order.expiresAt,
    order.createdAt,
    order.updatedAt,
  ]);
  return rows.length === 1;
}

export const findOrder = async (sql: Sql, merchantId: string, acquiringOrderId: string): Promise<Order | undefined> =>
  (await sql.rows(find, [merchantId, acquiringOrderId])).map(orderFrom)[0];

const findMany = statement<OrderRow>(
  'order/find-many',
  `select ${columns} from payment_order where merchant_id = $1 and acquiring_order_id = any ($2)`,
);

/** Orders by their ids, in no order. */
export const findOrders = async (
  sql: Sql,
  merchantId: string,
  acquiringOrderIds: readonly string[],
): Promise<Order[]> => (await sql.rows(findMany, [merchantId, acquiringOrderIds])).map(orderFrom);

/** The order, which nobody else changes until the transaction ends. */
export const lockOrder = async (tx: Tx, merchantId: string, acquiringOrderId: string): Promise<Order | undefined> =>
  (await tx.rows(lock, [merchantId, acquiringOrderId])).map(orderFrom)[0];

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
    order.cancelling,
    order.capturedMinor,
    order.refundedMinor,
    order.refundingMinor,
    order.refundCount,
    JSON.stringify(order.echo),
    order.tokenId ?? null,
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
    tokenId: row.token_id ?? undefined,
    initiator: row.initiator,
    captureMode: row.capture_mode,
    cancelling: row.cancelling,
    capturedMinor: row.captured_minor,
    refundedMinor: row.refunded_minor,
    refundingMinor: row.refunding_minor,
    refundCount: row.refund_count,
    limitDay: row.limit_day ?? undefined,
    waitingCard: row.waiting_card ?? undefined,
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
