/**
 * Carries the end of a period's order on: what becomes of the period, of the subscription, and when a card is charged next.
 * It runs in the transaction that ends the order, with the order's own notification written before those from here.
 */
import type { Gateway } from '../gateway.ts';
import { enqueue } from '../job/queue.ts';
import { readMerchant } from '../merchant/find.ts';
import type { Order, OrderFailure } from '../order/order.ts';
import type { Tx } from '../storage/database.ts';
import { inOneWrite } from '../storage/gather.ts';
import { endIn } from './end.ts';
import { nextTryOf } from './next-try.ts';
import { notifyChange, notifySubscription } from './notification.ts';
import { lastPeriodOf } from './period.ts';
import { isForGood, type RenewalRules, retryAt, rulesOf } from './retry.ts';
import {
  claimTry,
  countTries,
  endPeriod,
  lockSubscription,
  postponePeriod,
  saveSubscription,
} from './subscription.store.ts';
import { advance, isWaiting, type Subscription } from './subscription.ts';
import { nextCharge, periodStart } from './terms.ts';

/** @param order - one that was just paid or closed; nothing happens for one that pays no subscription */
export async function settlePeriod(gateway: Gateway, tx: Tx, order: Order): Promise<void> {
  const { subscriptionInfo } = order.echo;
  if (subscriptionInfo === undefined) return;
  const { merchantId, failure } = order;
  const subscription = await lockSubscription(tx, merchantId, subscriptionInfo.subscriptionId);
  if (subscription === undefined) throw new Error('an order names a subscription that is not there');
  const period = Number(subscriptionInfo.period);
  if (order.status === 'PAY_SUCCESS') await paid(gateway, tx, subscription, period, order);
  else await failed(gateway, tx, subscription, period, { failure, tokenId: order.tokenId });
}

/** @param order - undefined when the period costs nothing */
async function paid(
  gateway: Gateway,
  tx: Tx,
  subscription: Subscription,
  period: number,
  order?: Order,
): Promise<void> {
  const now = gateway.clock.now();
  const [, { keepsDay }] = await inOneWrite([
    endPeriod(tx, subscription, { period, status: 'PAID' }, now),
    rulesFor(tx, subscription),
  ]);
  if (isWaiting(subscription)) {
    await start(gateway, tx, order === undefined ? subscription : paidBy(subscription, order));
    return;
  }
  const moved = !keepsDay && (await countTries(tx, subscription, period)) > 1;
  const counted = moved ? { ...subscription, anchor: now, anchorPeriod: period } : subscription;
  await goOn(gateway, tx, counted, period, period + 1);
}

const rulesFor = async (tx: Tx, { merchantId }: Subscription): Promise<RenewalRules> =>
  rulesOf((await readMerchant(tx, merchantId))?.settings ?? {});

/** What the shopper chose at the checkout is known now. */
const paidBy = (subscription: Subscription, { tokenId, echo: { paymentInfo } }: Order): Subscription => ({
  ...subscription,
  tokenId: tokenId ?? subscription.tokenId,
  echo: { ...subscription.echo, usedPaymentInfo: paymentInfo },
});

/** The subscription runs from now on: this moment is what its periods are counted from. */
async function start(gateway: Gateway, tx: Tx, subscription: Subscription): Promise<void> {
  const now = gateway.clock.now();
  const running = advance({ ...subscription, startedAt: now, anchor: now }, 'started', now);
  const { saved: started, job } = nextOf(running, 2);
  await inOneWrite([queue(gateway, tx, started, job), saveSubscription(tx, started, subscription.status)]);
  const { merchantId, originId } = started;
  if (originId !== undefined) {
    await notifyChange(gateway, tx, started);
    await endIn(gateway, tx, { merchantId, subscriptionId: originId }, 'cancelled');
  }
  await notifySubscription(gateway, tx, started, 'SUBSCRIPTION_STATUS_NOTIFICATION');
}

/**
 * A period that costs nothing has begun: it counts as paid, without an order.
 *
 * @returns false when it was counted before
 */
export async function passFree(gateway: Gateway, tx: Tx, subscription: Subscription, period: number): Promise<boolean> {
  const now = gateway.clock.now();
  if (!(await claimTry(tx, subscription, { period, attempt: 1 }, now))) return false;
  await paid(gateway, tx, subscription, period);
  return true;
}

async function failed(
  gateway: Gateway,
  tx: Tx,
  subscription: Subscription,
  period: number,
  { failure, tokenId }: { readonly failure: OrderFailure | undefined; readonly tokenId: string | undefined },
): Promise<void> {
  const now = gateway.clock.now();
  if (isWaiting(subscription)) {
    await endPeriod(tx, subscription, { period, status: 'FAILED' }, now);
    const closed = advance(subscription, 'refused', now, failure);
    await saveSubscription(tx, closed, subscription.status);
    if (closed.originId !== undefined) {
      await notifyChange(gateway, tx, closed);
      await resume(gateway, tx, closed.merchantId, closed.originId);
    }
    return notifySubscription(gateway, tx, closed, 'SUBSCRIPTION_STATUS_NOTIFICATION');
  }
  const [rules, tries] = await inOneWrite([rulesFor(tx, subscription), countTries(tx, subscription, period)]);
  // What is wrong with a card that another took the place of meanwhile is not wrong with that.
  const code = tokenId === subscription.tokenId ? failure?.code : undefined;
  const again = subscription.status === 'ACTIVE' ? retryAt(rules, { tries, code, now }) : undefined;
  if (again !== undefined) {
    await inOneWrite([
      postponePeriod(tx, subscription, period, now),
      queue(gateway, tx, subscription, { period, attempt: tries + 1, dueAt: again }),
      saveSubscription(tx, { ...subscription, nextChargeAt: again, updatedAt: now }, subscription.status),
    ]);
    return;
  }
  await endPeriod(tx, subscription, { period, status: 'FAILED' }, now);
  if (subscription.status === 'ACTIVE' && isForGood(code)) {
    await goOn(gateway, tx, subscription, period, undefined);
    await endIn(gateway, tx, subscription, 'lapsed');
    return;
  }
  const last = lastPeriodOf(subscription.terms.plan);
  await goOn(gateway, tx, subscription, period, rules.keepsDay ? period + 1 : last && last + 1);
}

/** The change came to nothing: what fell due of the old one meanwhile is charged now. */
async function resume(gateway: Gateway, tx: Tx, merchantId: string, originId: string): Promise<void> {
  const origin = await lockSubscription(tx, merchantId, originId);
  const next = origin && (await nextTryOf(tx, origin));
  if (origin === undefined || next === undefined) return;
  const { period, attempt } = next;
  const dueAt = (attempt > 1 ? origin.nextChargeAt : periodStart(origin, period)) ?? gateway.clock.now();
  await queue(gateway, tx, origin, { period, attempt, dueAt });
}

/**
 * A later period is decided.
 *
 * @param next - the one that is charged then, or after which nothing is; undefined: nothing more happens by itself
 */
async function goOn(
  gateway: Gateway,
  tx: Tx,
  subscription: Subscription,
  period: number,
  next: number | undefined,
): Promise<void> {
  const later = { ...subscription, period, updatedAt: gateway.clock.now() };
  const goesOn = later.status === 'ACTIVE' && next !== undefined;
  const { saved, job } = goesOn ? nextOf(later, next) : { saved: later };
  await inOneWrite([
    saveSubscription(tx, saved, subscription.status),
    job === undefined ? undefined : queue(gateway, tx, saved, job),
    notifySubscription(gateway, tx, saved, 'SUBSCRIPTION_PERIOD_CHANGED_NOTIFICATION'),
  ]);
}

interface Next {
  readonly period: number;
  readonly attempt: number;
  readonly dueAt: Date;
}

/** The job of a period's beginning, or of the end of the last one, and the subscription that waits for it. */
function nextOf(subscription: Subscription, period: number): { readonly saved: Subscription; readonly job: Next } {
  const dueAt = periodStart(subscription, period);
  if (dueAt === undefined) throw new Error('a subscription runs without an anchor');
  return {
    saved: { ...subscription, nextChargeAt: nextCharge(subscription, period) },
    job: { period, attempt: 1, dueAt },
  };
}

const queue = (
  { clock }: Gateway,
  tx: Tx,
  { merchantId, subscriptionId }: Subscription,
  { period, attempt, dueAt }: Next,
): Promise<void> => {
  const payload = { subscriptionId, period, attempt };
  return enqueue(tx, { kind: 'subscription/renew', merchantId, payload, dueAt, now: clock.now() });
};
