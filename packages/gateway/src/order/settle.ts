/** Carries the outcome of a charge, a capture or a void on: the order's next status, the token it verified, and the notification. */
import { declineReasons, isDeclinedForGood } from '../connector/declines.ts';
import type { Outcome } from '../connector/outcome.ts';
import type { Gateway } from '../gateway.ts';
import { enqueue } from '../job/queue.ts';
import { releaseLimit } from '../merchant/limits.ts';
import type { Attempt } from '../payment/attempt.ts';
import type { Tx } from '../storage/database.ts';
import { inOneWrite } from '../storage/gather.ts';
import { settlePeriod } from '../subscription/settle.ts';
import { authenticateToken, refuseForGood } from '../tokenization/charge.ts';
import { keepNetworkTransactionId } from '../tokenization/network-transaction-id.ts';
import { type Notification, notify } from '../webhook/notify.ts';
import { queueAuthorizationExpiry } from './expire-queue.ts';
import { lockOrder, saveOrder } from './order.store.ts';
import { advance, type Order, type OrderFailure } from './order.ts';
import { recordOf } from './record.ts';
import { dropCode, dropWaitingCard, saveWaitingCard } from './waiting-card.ts';

type Settled = Pick<Attempt, 'merchantId' | 'subject' | 'verb' | 'amountMinor'>;

/**
 * @param tx - the transaction that records the attempt's outcome
 * @returns the order as it is now; an unknown outcome leaves it as it was
 */
export async function settleOrder(gateway: Gateway, tx: Tx, attempt: Settled, outcome: Outcome): Promise<Order> {
  const named = await lockOrder(tx, attempt.merchantId, attempt.subject.id);
  if (named === undefined) throw new Error('an attempt names an order that is not there');
  const isKept = named.waitingCard?.save === true && outcome.kind !== 'declined';
  const order = isKept ? named : await dropWaitingCard(tx, named);
  if (outcome.kind === 'unknown') {
    await dropCode(tx, order);
    return order;
  }
  const failure = outcome.kind === 'declined' ? failureOf(outcome) : undefined;
  switch (attempt.verb) {
    case 'capture':
      return settleCapture(gateway, tx, order, attempt.amountMinor, failure);
    case 'void':
      return settleVoid(gateway, tx, order, failure);
    default:
      return settleCharge(gateway, tx, order, outcome);
  }
}

type Known = Exclude<Outcome, { kind: 'unknown' }>;

const failureOf = ({ reason }: Extract<Outcome, { kind: 'declined' }>): OrderFailure => ({
  code: reason,
  description: declineReasons[reason],
});

async function settleCharge(gateway: Gateway, tx: Tx, charged: Order, outcome: Known): Promise<Order> {
  if (charged.status !== 'PAY_IN_PROGRESS') return charged;
  const now = gateway.clock.now();
  if (outcome.kind === 'declined') {
    const { merchantId, tokenId, updatedAt: chargedAt } = charged;
    if (tokenId !== undefined && isDeclinedForGood(outcome.reason)) {
      await refuseForGood(gateway, tx, { merchantId, tokenId, chargedAt });
    }
    return closeOrder(gateway, tx, charged, 'declined', failureOf(outcome));
  }
  const order = await saveWaitingCard(gateway, tx, charged);
  const approved =
    order.captureMode === 'MANUAL'
      ? advance(order, 'authorized', now)
      : { ...advance(order, 'paid', now), capturedMinor: order.amountMinor };
  const paid = approved.status === 'PAY_SUCCESS';
  await inOneWrite([
    save(tx, approved, order),
    paid ? notifyOrder(gateway, tx, approved) : queueAuthorizationExpiry(gateway, tx, approved),
  ]);
  if (order.initiator === 'CIT' && order.tokenId !== undefined) {
    const { merchantId, tokenId } = order;
    await keepNetworkTransactionId(tx, { merchantId, tokenId }, outcome.networkTransactionId);
    await authenticateToken(gateway, tx, merchantId, tokenId);
  }
  return approved;
}

/** What was captured is booked at once; the order is told paid when the settlement has been seen to (contract C-14). */
async function settleCapture(
  gateway: Gateway,
  tx: Tx,
  order: Order,
  amountMinor: bigint,
  failure: OrderFailure | undefined,
): Promise<Order> {
  if (order.status !== 'CAPTURE_IN_PROGRESS') return order;
  const now = gateway.clock.now();
  if (failure !== undefined) {
    const refused = advance(order, 'capture-refused', now);
    await save(tx, refused, order);
    return refused;
  }
  const captured = { ...order, capturedMinor: amountMinor, updatedAt: now };
  await save(tx, captured, order);
  const { merchantId, acquiringOrderId } = order;
  await enqueue(tx, { kind: 'order/complete-capture', merchantId, payload: { acquiringOrderId }, dueAt: now, now });
  return captured;
}

async function settleVoid(gateway: Gateway, tx: Tx, order: Order, failure: OrderFailure | undefined): Promise<Order> {
  if (order.status !== 'AUTHED_WAITING_CAPTURE' || !order.cancelling) return order;
  if (failure === undefined) {
    return closeOrder(gateway, tx, { ...order, cancelling: false }, 'voided', order.failure ?? cancelled);
  }
  const kept = { ...order, cancelling: false, failure: undefined, updatedAt: gateway.clock.now() };
  await save(tx, kept, order);
  return kept;
}

/** The merchant's own doing. */
export const cancelled: OrderFailure = { code: 'CANCELLED', description: 'The merchant cancelled the order' };

/** Ends an order unpaid: nothing was taken, the day's limit is given back, the merchant is told. */
export async function closeOrder(
  gateway: Gateway,
  tx: Tx,
  order: Order,
  event: 'declined' | 'closed' | 'voided',
  failure: OrderFailure,
): Promise<Order> {
  const closed = advance(order, event, gateway.clock.now(), failure);
  await save(tx, closed, order);
  await dropWaitingCard(tx, order);
  await releaseLimit(tx, order);
  await notifyOrder(gateway, tx, closed);
  return closed;
}

/** Tells the merchant how an order ended, and the subscription that it was to pay. */
export async function notifyOrder(gateway: Gateway, tx: Tx, order: Order): Promise<void> {
  await inOneWrite([notify(tx, { now: gateway.clock.now() }, notificationOf(order)), settlePeriod(gateway, tx, order)]);
}

/** What the merchant is told of an order. */
export function notificationOf(order: Order): Notification {
  const { merchantId, acquiringOrderId, notifyUrl, echo } = order;
  // What is told of a subscription and of its payments arrives in order.
  const objectId = echo.subscriptionInfo?.subscriptionId ?? acquiringOrderId;
  return { merchantId, objectId, eventType: 'PAYMENT_NOTIFICATION', notifyUrl, result: recordOf(order) };
}

async function save(tx: Tx, order: Order, before: Order): Promise<void> {
  if (!(await saveOrder(tx, order, before.status))) throw new Error('an order changed under its own attempt');
}
