/**
 * Job: charges a period when it begins, without the shopper, or tries again later; ends the subscription when its last period
 * is over. There is one such job at a time for a subscription: the end of a try queues the next, so that periods are
 * charged in order, also after a time in which no gateway ran. The row of the period keeps it from being charged twice.
 */
import { faults } from '@waffo/protocol/codes';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import type { JobResult } from '../job/runner.ts';
import { findMerchant } from '../merchant/find.ts';
import type { Order } from '../order/order.ts';
import { chargeOrder } from '../order/pay.ts';
import { closeOrder } from '../order/settle.ts';
import type { CardAtHand } from '../payment/perform.ts';
import type { Sql, Tx } from '../storage/database.ts';
import { meansOfToken, orderOf, type Payable, payableOf, type Try, writeTry } from './charge.ts';
import { notifySubscription } from './notification.ts';
import { lastPeriodOf } from './period.ts';
import { passFree } from './settle.ts';
import { findSubscription, lockSubscription, saveSubscription } from './subscription.store.ts';
import { advance, isWaiting, type Subscription } from './subscription.ts';
import { amountOf, isFree } from './terms.ts';

/** What a period costs, or the card that pays, changed between the look and the lock. */
class ChangedMeanwhile extends Error {
  override readonly name = 'ChangedMeanwhile';
}

/** @param job - `payload.subscriptionId`, `payload.period`, `payload.attempt` */
export async function renew(
  gateway: Gateway,
  job: { readonly merchantId: string; readonly payload: unknown },
): Promise<JobResult> {
  const { subscriptionId, period, attempt } = job.payload as Omit<Try, 'initiator'> & { subscriptionId: string };
  const subscription = await findSubscription(gateway.database, job.merchantId, subscriptionId);
  if (subscription?.status !== 'ACTIVE') return 'done';
  if (period > (lastPeriodOf(subscription.terms.plan) ?? period)) await complete(gateway, subscription);
  // A change that comes to nothing queues this again.
  else if (await isBeingReplaced(gateway.database, subscription)) return 'done';
  else if (!(await beginPeriod(gateway, subscription, { period, attempt, initiator: 'MIT' }))) {
    return { retryAt: gateway.clock.now() };
  }
  gateway.nudge();
  return 'done';
}

/** Whether nobody knows yet if another subscription takes its place. */
async function isBeingReplaced(sql: Sql, { merchantId, echo: { heirId } }: Subscription): Promise<boolean> {
  const heir = heirId === undefined ? undefined : await findSubscription(sql, merchantId, heirId);
  return heir !== undefined && isWaiting(heir);
}

/**
 * Charges a period, or lets it pass when it costs nothing.
 *
 * @param card - is charged in the place of the token's, which the order names all the same
 * @returns false when the price or the card is no longer the one of `subscription`, and nothing was begun: look again
 */
export async function beginPeriod(
  gateway: Gateway,
  subscription: Subscription,
  tried: Try,
  card?: CardAtHand,
): Promise<boolean> {
  try {
    if (isFree(amountOf(subscription.terms, tried.period))) await pass(gateway, subscription, tried.period);
    else await charge(gateway, subscription, tried, card);
    return true;
  } catch (error) {
    if (error instanceof ChangedMeanwhile) return false;
    throw error;
  }
}

async function charge(gateway: Gateway, subscription: Subscription, tried: Try, card?: CardAtHand): Promise<void> {
  const order = orderOf(gateway, subscription, tried);
  try {
    const merchant = await findMerchant(gateway, subscription.merchantId);
    if (merchant?.status !== 'ACTIVE') throw new Fault('MERCHANT_STATUS_ABNORMAL');
    const payable = await payableOf(gateway, order, await meansOfToken(gateway, order, subscription.tokenId));
    const means = card === undefined ? payable.means : { ...payable.means, card };
    await chargeOrder(gateway, payable.order, means, (tx) => begin(gateway, tx, subscription, tried, payable));
  } catch (error) {
    // What passes by itself is tried again; what became of a charge is found out later, by its attempt.
    if (!(error instanceof Fault) || faults[error.fault].retry !== 'never') throw error;
    await refuse(gateway, subscription, tried, order, error);
  }
}

/** @returns false when the subscription has ended, or the try was begun before */
async function begin(
  gateway: Gateway,
  tx: Tx,
  seen: Subscription,
  tried: Try,
  payable: Pick<Payable, 'order' | 'dailyLimitMinor'>,
): Promise<boolean> {
  const open = await lockSubscription(tx, seen.merchantId, seen.subscriptionId);
  if (open?.status !== 'ACTIVE' || (await isBeingReplaced(tx, open))) return false;
  const isAsSeen =
    open.tokenId === seen.tokenId && amountOf(open.terms, tried.period) === amountOf(seen.terms, tried.period);
  if (!isAsSeen) throw new ChangedMeanwhile();
  if (!(await writeTry(gateway, tx, open, tried, payable))) return false;
  const { period } = tried;
  await saveSubscription(
    tx,
    { ...open, period, nextChargeAt: undefined, updatedAt: payable.order.createdAt },
    'ACTIVE',
  );
  return true;
}

/** The token or the contract does not let the period be charged: an order that closes without a call, with the reason. */
async function refuse(
  gateway: Gateway,
  subscription: Subscription,
  tried: Try,
  order: Order,
  why: Fault,
): Promise<void> {
  const failure = { code: faults[why.fault].code, description: why.message };
  await gateway.database.transaction(async (tx) => {
    if (!(await begin(gateway, tx, subscription, tried, { order, dailyLimitMinor: undefined }))) return;
    await closeOrder(gateway, tx, order, 'declined', failure);
  });
}

/** A further period of a free trial begins. */
async function pass(gateway: Gateway, { merchantId, subscriptionId }: Subscription, period: number): Promise<void> {
  await gateway.database.transaction(async (tx) => {
    const open = await lockSubscription(tx, merchantId, subscriptionId);
    if (open?.status !== 'ACTIVE') return;
    if (!isFree(amountOf(open.terms, period))) throw new ChangedMeanwhile();
    await passFree(gateway, tx, open, period);
  });
}

/** The last period is over. */
async function complete(gateway: Gateway, { merchantId, subscriptionId }: Subscription): Promise<void> {
  await gateway.database.transaction(async (tx) => {
    const open = await lockSubscription(tx, merchantId, subscriptionId);
    if (open?.status !== 'ACTIVE') return;
    const completed = advance(open, 'completed', gateway.clock.now());
    await saveSubscription(tx, completed, open.status);
    await notifySubscription(gateway, tx, completed, 'SUBSCRIPTION_STATUS_NOTIFICATION');
  });
}
