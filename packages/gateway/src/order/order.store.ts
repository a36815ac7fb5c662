/** SQL of orders. Writes repeat the status they expect to replace. */
import type { OrderStatus } from '@waffo/protocol/statuses';
import { type Sql, statement, type Tx } from '../storage/database.ts';
import { expecting } from '../storage/expecting.ts';
import { groupedById } from '../storage/grouped.ts';
import { eachRecord, records } from '../storage/records.ts';
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

const inserted = `insert into payment_order (merchant_id, acquiring_order_id, payment_request_id, request_fingerprint,
     merchant_order_id, status, currency, amount_minor, amount, token_id, initiator, capture_mode, limit_day, echo,
     notify_url, requested_at, expires_at, created_at, updated_at)
   select merchant_id, acquiring_order_id, payment_request_id, request_fingerprint,
     merchant_order_id, status, currency, amount_minor, amount, token_id, initiator, capture_mode, limit_day, echo,
     notify_url, requested_at, expires_at, created_at, updated_at
   from jsonb_populate_recordset(null::payment_order, $1)`;
const insert = statement<{ acquiring_order_id: string }>(
  'order/insert',
  `${inserted} on conflict (merchant_id, payment_request_id) do nothing returning acquiring_order_id`,
);
const insertNew = statement('order/insert-new', inserted);

// A refund's foreign key shares the row's key: a stronger lock would wait for it, and it for the lock.
const lock = statement<OrderRow>(
  'order/lock',
  `select ${columns} from payment_order where merchant_id = $1 and acquiring_order_id = $2 for no key update`,
);

const find = statement<OrderRow>(
  'order/find',
  `select ${columns} from unnest($1::text[], $2::text[]) as asked (merchant_id, acquiring_order_id)
     join payment_order using (merchant_id, acquiring_order_id)`,
);

const findByRequest = statement<OrderRow>(
  'order/find-by-request',
  `select ${columns} from unnest($1::text[], $2::text[]) as asked (merchant_id, payment_request_id)
     join payment_order using (merchant_id, payment_request_id)`,
);

const save = statement<{ acquiring_order_id: string }>(
  'order/save',
  `update payment_order as known
   set status = changed.status, failure = changed.failure, completed_at = changed.completed_at,
     updated_at = changed.updated_at, cancelling = changed.cancelling, captured_minor = changed.captured_minor,
     refunded_minor = changed.refunded_minor, refunding_minor = changed.refunding_minor,
     refund_count = changed.refund_count, echo = changed.echo, token_id = changed.token_id
   from unnest($1::jsonb[]) as one, jsonb_populate_record(null::payment_order, one) as changed
   where known.merchant_id = changed.merchant_id and known.acquiring_order_id = changed.acquiring_order_id
     and known.status = $2
   returning known.acquiring_order_id`,
);

const paid = `update payment_order as known
   set status = 'PAY_SUCCESS', completed_at = paid.at, updated_at = paid.at, captured_minor = known.amount_minor
   from unnest($2::text[], $3::timestamptz[]) as paid (acquiring_order_id, at)
   where known.merchant_id = $1 and known.acquiring_order_id = paid.acquiring_order_id
     and known.status = 'PAY_IN_PROGRESS'
   returning known.acquiring_order_id`;
const markPaid = statement(
  'order/mark-paid',
  `with paid as (${paid}) select ${expecting('count(*) = cardinality($2)')} from paid`,
);

const lockStatuses = statement<{ acquiring_order_id: string; status: OrderStatus }>(
  'order/lock-statuses',
  `select acquiring_order_id, status from unnest($1::text[], $2::text[]) as asked (merchant_id, acquiring_order_id)
     join payment_order known using (merchant_id, acquiring_order_id)
   order by acquiring_order_id for no key update of known`,
);

const saveWaiting = statement(
  'order/save-waiting-card',
  'update payment_order set waiting_card = $3 where merchant_id = $1 and acquiring_order_id = $2',
);

/** Notes which card waits in the vault; undefined: none any more. */
export async function noteWaitingCard(
  tx: Tx,
  { merchantId, acquiringOrderId }: Pick<Order, 'merchantId' | 'acquiringOrderId'>,
  card: WaitingCard | undefined,
): Promise<void> {
  await tx.rows(saveWaiting, [merchantId, acquiringOrderId, card === undefined ? null : JSON.stringify(card)]);
}

/** @returns the `acquiringOrderId`s of those that are rows now; the request ids of the others were there already */
export async function insertOrders(tx: Tx, orders: readonly Order[]): Promise<ReadonlySet<string>> {
  const rows = await tx.rows(insert, [records(orders.map(newRow))]);
  return new Set(rows.map(({ acquiring_order_id }) => acquiring_order_id));
}

/** The same of all of them; refused when a request id was there already. */
export const insertNewOrders = async (tx: Tx, orders: readonly Order[]): Promise<void> =>
  void (await tx.rows(insertNew, [records(orders.map(newRow))]));

function newRow(order: Order) {
  return {
    merchant_id: order.merchantId,
    acquiring_order_id: order.acquiringOrderId,
    payment_request_id: order.paymentRequestId,
    request_fingerprint: order.requestFingerprint,
    merchant_order_id: order.merchantOrderId,
    status: order.status,
    currency: order.currency,
    amount_minor: order.amountMinor,
    amount: order.amount,
    token_id: order.tokenId,
    initiator: order.initiator,
    capture_mode: order.captureMode,
    limit_day: order.limitDay,
    echo: order.echo,
    notify_url: order.notifyUrl,
    requested_at: order.requestedAt,
    expires_at: order.expiresAt,
    created_at: order.createdAt,
    updated_at: order.updatedAt,
  };
}

/** An order by its id; look-ups that come together share a statement. */
export const findOrder = groupedById(
  find,
  (row) => row.acquiring_order_id,
  (row) => orderFrom(row),
);

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

/** Locks several orders, in one order, so that two who lock some of them never wait for each other, and tells how they stand. */
export async function lockOrderStatuses(
  tx: Tx,
  merchantId: string,
  acquiringOrderIds: readonly string[],
): Promise<ReadonlyMap<string, OrderStatus>> {
  const rows = await tx.rows(lockStatuses, [acquiringOrderIds.map(() => merchantId), acquiringOrderIds]);
  return new Map(rows.map(({ acquiring_order_id, status }) => [acquiring_order_id, status]));
}

/** An order by the merchant's id of its request; look-ups that come together share a statement. */
export const findOrderByRequest = groupedById(
  findByRequest,
  (row) => row.payment_request_id,
  (row) => orderFrom(row),
);

/** Saves an order that had `expected` as its status; false when another change was faster. */
export async function saveOrder(tx: Tx, order: Order, expected: OrderStatus): Promise<boolean> {
  const row = {
    merchant_id: order.merchantId,
    acquiring_order_id: order.acquiringOrderId,
    status: order.status,
    failure: order.failure,
    completed_at: order.completedAt,
    updated_at: order.updatedAt,
    cancelling: order.cancelling,
    captured_minor: order.capturedMinor,
    refunded_minor: order.refundedMinor,
    refunding_minor: order.refundingMinor,
    refund_count: order.refundCount,
    echo: order.echo,
    token_id: order.tokenId,
  };
  return (await tx.rows(save, [eachRecord([row]), expected])).length === 1;
}

/** Saves orders that were in progress and were paid in full, and nothing else of them; refused when another change was faster. */
export async function markOrdersPaid(tx: Tx, merchantId: string, orders: readonly Order[]): Promise<void> {
  const ids = orders.map(({ acquiringOrderId }) => acquiringOrderId);
  const moments = orders.map(({ completedAt }) => completedAt);
  await tx.rows(markPaid, [merchantId, ids, moments]);
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
