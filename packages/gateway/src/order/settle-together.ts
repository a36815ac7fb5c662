/**
 * Carries the outcomes of many new orders on in one transaction. What nearly all come to, paid at once with a saved card, is
 * written for all of them together; every other one as `settle.ts` does it, one after the other.
 */
import { isDeclinedForGood } from '../connector/declines.ts';
import type { SettledTogether } from '../payment/road.ts';
import type { Tx } from '../storage/database.ts';
import { inOneWrite } from '../storage/gather.ts';
import { authenticateToken, expectNoneUnproved, holdTokens, unprovedAmong } from '../tokenization/charge.ts';
import { keepNetworkTransactionIds } from '../tokenization/network-transaction-id.ts';
import { notifyAll } from '../webhook/notify.ts';
import { lockOrderStatuses, markOrdersPaid } from './order.store.ts';
import { advance, type Order } from './order.ts';
import type { Placed } from './place.ts';
import { notificationOf, settleOrder } from './settle.ts';

type Told = SettledTogether<Placed>;

/** An order that was paid, as it was when it was locked, and its outcome. */
interface Paid {
  readonly told: Told;
  readonly order: Order;
}

/**
 * @param all - of one merchant, each of another order
 * @param recorded - those that are carried on
 * @returns the orders of those as they are now
 */
export async function settleOrders(
  tx: Tx,
  all: readonly Told[],
  recorded: Promise<ReadonlySet<Told>>,
): Promise<ReadonlyMap<Told, Order>> {
  const [first] = all;
  if (first === undefined) return new Map();
  const { merchantId } = first.payment;
  const ids = all.map(({ payment }) => payment.subject.id);
  const [carried, locked, unproved] = await inOneWrite([
    recorded,
    lockOrderStatuses(tx, merchantId, ids),
    unprovedAmong(tx, merchantId, tokensPaidWith(all)),
  ]);
  const told = all.filter((one) => carried.has(one));
  const paid = told
    .filter((one) => locked.get(one.payment.subject.id) === 'PAY_IN_PROGRESS' && isPaidAtOnce(one))
    .map((one): Paid => ({ told: one, order: paidOrder(one) }));
  if (told.some(({ outcome }) => outcome.kind === 'declined' && isDeclinedForGood(outcome.reason))) {
    await holdTokens(tx, merchantId, tokensOf(told));
  }
  savePaid(tx, merchantId, paid, unproved.nameless);
  for (const tokenId of unproved.unverified) {
    const one = paid.find(({ order }) => order.initiator === 'CIT' && order.tokenId === tokenId);
    if (one !== undefined) await authenticateToken(one.told.gateway, tx, merchantId, tokenId);
  }
  const settled = new Map(paid.map((one) => [one.told, one.order]));
  for (const one of told) {
    if (!settled.has(one)) settled.set(one, await settleOrder(one.gateway, tx, one.payment, one.outcome));
  }
  return settled;
}

/**
 * The same, when all were paid and nothing is to be said of their tokens: in a transaction that is asked at once, and refused when
 * an order changed under its own attempt, or a token has something to learn.
 *
 * @returns undefined when one has another ending
 */
export function settlePaidOrders(all: readonly Told[]): ((tx: Tx) => Promise<ReadonlyMap<Told, Order>>) | undefined {
  const [first] = all;
  if (first === undefined || !all.every(isPaidAtOnce)) return undefined;
  const { merchantId } = first.payment;
  return async (tx) => {
    const paid = all.map((one): Paid => ({ told: one, order: paidOrder(one) }));
    tx.last(expectNoneUnproved(tx, merchantId, tokensPaidWith(all)));
    savePaid(tx, merchantId, paid, nobody);
    return new Map(paid.map((one) => [one.told, one.order]));
  };
}

const nobody: ReadonlySet<string> = new Set();

const tokensOf = (all: readonly Told[]): string[] =>
  all.flatMap(({ subject: { order } }) => (order.tokenId === undefined ? [] : [order.tokenId]));

/** Nothing follows but the notification. A new order that is still in progress is as it was written: nobody may change it before. */
const isPaidAtOnce = ({ outcome, subject: { order } }: Told): boolean =>
  outcome.kind === 'approved' &&
  order.captureMode === 'AUTOMATIC' &&
  order.waitingCard === undefined &&
  order.echo.subscriptionInfo === undefined;

const paidOrder = ({ gateway, subject: { order } }: Told): Order => ({
  ...advance(order, 'paid', gateway.clock.now()),
  capturedMinor: order.amountMinor,
});

/** Their rows are locked: nobody waits to hear that they were written. */
function savePaid(tx: Tx, merchantId: string, paid: readonly Paid[], nameless: ReadonlySet<string>): void {
  if (paid.length === 0) return;
  const orders = paid.map(({ order }) => order);
  const told = paid.map(({ order, told: { gateway } }) => ({ now: gateway.clock.now(), ...notificationOf(order) }));
  tx.last(markOrdersPaid(tx, merchantId, orders));
  tx.last(notifyAll(tx, told));
  const naming = paid.flatMap(presentPayment).filter(({ tokenId }) => nameless.has(tokenId));
  tx.last(keepNetworkTransactionIds(tx, merchantId, naming));
}

/** What a payment with the shopper present says of the token that it was made with. */
const presentPayment = ({ order: { initiator, tokenId }, told: { outcome } }: Paid) =>
  initiator === 'CIT' && tokenId !== undefined && outcome.kind === 'approved'
    ? [{ tokenId, networkTransactionId: outcome.networkTransactionId }]
    : [];

/** Tokens that a payment with the shopper present may verify. */
const tokensPaidWith = (all: readonly Told[]): string[] => [
  ...new Set(
    all.flatMap(({ subject: { order } }) =>
      order.initiator === 'CIT' && order.tokenId !== undefined ? [order.tokenId] : [],
    ),
  ),
];
