/** SQL of subscriptions, their periods and their charges. Writes repeat the status they expect to replace. */
import type { SubscriptionStatus } from '@waffo/protocol/statuses';
import type { OrderFailure } from '../order/order.ts';
import { type Sql, statement, type Tx } from '../storage/database.ts';
import type { Subscription, SubscriptionEcho } from './subscription.ts';
import type { Terms } from './terms.ts';

interface SubscriptionRow {
  merchant_id: string;
  subscription_id: string;
  subscription_request: string;
  request_fingerprint: Buffer;
  merchant_subscription_id: string;
  status: SubscriptionStatus;
  currency: string;
  terms: Terms;
  token_id: string | null;
  origin_id: string | null;
  period: number;
  started_at: Date | null;
  anchor: Date | null;
  anchor_period: number;
  next_charge_at: Date | null;
  echo: SubscriptionEcho;
  failure: OrderFailure | null;
  notify_url: string;
  requested_at: Date;
  created_at: Date;
  updated_at: Date;
}

const columns = `merchant_id, subscription_id, subscription_request, request_fingerprint, merchant_subscription_id,
  status, currency, terms, token_id, origin_id, period, started_at, anchor, anchor_period, next_charge_at, echo, failure,
  notify_url, requested_at, created_at, updated_at`;

const insert = statement<{ subscription_id: string }>(
  'subscription/insert',
  `insert into subscription (${columns})
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
   on conflict (merchant_id, subscription_request) do nothing
   returning subscription_id`,
);

const find = statement<SubscriptionRow>(
  'subscription/find',
  `select ${columns} from subscription where merchant_id = $1 and subscription_id = $2`,
);

// A charge's foreign key shares the row's key: a stronger lock would wait for it, and it for the lock.
const lock = statement<SubscriptionRow>('subscription/lock', `${find.text} for no key update`);

const findByRequest = statement<SubscriptionRow>(
  'subscription/find-by-request',
  `select ${columns} from subscription where merchant_id = $1 and subscription_request = $2`,
);

const save = statement<{ subscription_id: string }>(
  'subscription/save',
  `update subscription
   set status = $4, period = $5, started_at = $6, anchor = $7, anchor_period = $8, next_charge_at = $9, failure = $10,
     echo = $11, updated_at = $12, token_id = $13
   where merchant_id = $1 and subscription_id = $2 and status = $3
   returning subscription_id`,
);

/** True when this call made the row; false when the request id was there already. */
export async function insertSubscription(tx: Tx, subscription: Subscription): Promise<boolean> {
  const rows = await tx.rows(insert, [
    subscription.merchantId,
    subscription.subscriptionId,
    subscription.subscriptionRequest,
    subscription.requestFingerprint,
    subscription.merchantSubscriptionId,
    subscription.status,
    subscription.currency,
    JSON.stringify(subscription.terms),
    subscription.tokenId ?? null,
    subscription.originId ?? null,
    subscription.period,
    subscription.startedAt ?? null,
    subscription.anchor ?? null,
    subscription.anchorPeriod,
    subscription.nextChargeAt ?? null,
    JSON.stringify(subscription.echo),
    subscription.failure === undefined ? null : JSON.stringify(subscription.failure),
    subscription.notifyUrl,
    subscription.requestedAt,
    subscription.createdAt,
    subscription.updatedAt,
  ]);
  return rows.length === 1;
}

export const findSubscription = async (
  sql: Sql,
  merchantId: string,
  subscriptionId: string,
): Promise<Subscription | undefined> => (await sql.rows(find, [merchantId, subscriptionId])).map(subscriptionFrom)[0];

/** The subscription, which nobody else changes until the transaction ends. */
export const lockSubscription = async (
  tx: Tx,
  merchantId: string,
  subscriptionId: string,
): Promise<Subscription | undefined> => (await tx.rows(lock, [merchantId, subscriptionId])).map(subscriptionFrom)[0];

export const findSubscriptionByRequest = async (
  sql: Sql,
  merchantId: string,
  subscriptionRequest: string,
): Promise<Subscription | undefined> =>
  (await sql.rows(findByRequest, [merchantId, subscriptionRequest])).map(subscriptionFrom)[0];

/** Saves a subscription that is locked and had `before` as its status. */
export async function saveSubscription(tx: Tx, subscription: Subscription, before: SubscriptionStatus): Promise<void> {
  const rows = await tx.rows(save, [
    subscription.merchantId,
    subscription.subscriptionId,
    before,
    subscription.status,
    subscription.period,
    subscription.startedAt ?? null,
    subscription.anchor ?? null,
    subscription.anchorPeriod,
    subscription.nextChargeAt ?? null,
    subscription.failure === undefined ? null : JSON.stringify(subscription.failure),
    JSON.stringify(subscription.echo),
    subscription.updatedAt,
    subscription.tokenId ?? null,
  ]);
  if (rows.length !== 1) throw new Error('a subscription changed under its lock');
}

const saveAgreed = statement(
  'subscription/save-terms',
  `update subscription set terms = $3, echo = $4, next_charge_at = $5, updated_at = $6
   where merchant_id = $1 and subscription_id = $2`,
);

/** Saves what was agreed anew, of a subscription that is locked. */
export async function saveTerms(
  tx: Tx,
  { merchantId, subscriptionId, terms, echo, nextChargeAt, updatedAt }: Subscription,
): Promise<void> {
  const agreed = [JSON.stringify(terms), JSON.stringify(echo), nextChargeAt ?? null, updatedAt];
  await tx.rows(saveAgreed, [merchantId, subscriptionId, ...agreed]);
}

interface Named {
  readonly merchantId: string;
  readonly subscriptionId: string;
}

const claim = statement<{ tries: number }>(
  'subscription-period/claim-try',
  `insert into subscription_period as known (merchant_id, subscription_id, period, status, tries, updated_at)
   values ($1, $2, $3, 'CHARGING', $4, $5)
   on conflict (merchant_id, subscription_id, period) do update
     set status = 'CHARGING', tries = excluded.tries, updated_at = excluded.updated_at
     where known.status = 'DUE' and known.tries < excluded.tries
   returning tries`,
);

/**
 * Claims a try of a period, with the subscription locked. Tries are claimed one after the other, each once: not while an earlier one
 * is undecided, and not when the period is.
 *
 * @param wanted.attempt - 1 for the first; numbers may be left out, which gives those tries up
 * @returns whether it may be charged
 */
export async function claimTry(
  tx: Tx,
  { merchantId, subscriptionId }: Named,
  { period, attempt }: { readonly period: number; readonly attempt: number },
  now: Date,
): Promise<boolean> {
  return (await tx.rows(claim, [merchantId, subscriptionId, period, attempt, now])).length === 1;
}

const insertOne = statement(
  'subscription-charge/insert',
  `insert into subscription_charge (merchant_id, subscription_id, period, try, acquiring_order_id)
   values ($1, $2, $3, $4, $5)`,
);

/** Notes which order is which try. */
export async function insertCharge(
  tx: Tx,
  { merchantId, subscriptionId }: Named,
  charge: { readonly period: number; readonly attempt: number; readonly acquiringOrderId: string },
): Promise<void> {
  await tx.rows(insertOne, [merchantId, subscriptionId, charge.period, charge.attempt, charge.acquiringOrderId]);
}

const end = statement<{ tries: number }>(
  'subscription-period/end',
  `update subscription_period set status = $4, updated_at = $5
   where merchant_id = $1 and subscription_id = $2 and period = $3 and status = 'CHARGING'
   returning tries`,
);

/** Decides a period, once and for ever. */
export async function endPeriod(
  tx: Tx,
  { merchantId, subscriptionId }: Named,
  ended: { readonly period: number; readonly status: 'PAID' | 'FAILED' },
  now: Date,
): Promise<void> {
  const rows = await tx.rows(end, [merchantId, subscriptionId, ended.period, ended.status, now]);
  if (rows.length !== 1) throw new Error('a period was decided twice');
}

const postpone = statement(
  'subscription-period/postpone',
  `update subscription_period set status = 'DUE', updated_at = $4
   where merchant_id = $1 and subscription_id = $2 and period = $3 and status = 'CHARGING'`,
);

/** A try has failed, and another will be made. */
export async function postponePeriod(
  tx: Tx,
  { merchantId, subscriptionId }: Named,
  period: number,
  now: Date,
): Promise<void> {
  await tx.rows(postpone, [merchantId, subscriptionId, period, now]);
}

/** How a period stands: DUE waits for its next try. */
export interface PeriodState {
  readonly status: 'DUE' | 'CHARGING' | 'PAID' | 'FAILED';
  readonly tries: number;
}

const stateOf = statement<{ status: PeriodState['status']; tries: number }>(
  'subscription-period/state',
  'select status, tries from subscription_period where merchant_id = $1 and subscription_id = $2 and period = $3',
);

/** Undefined of a period that was not tried. */
export const findPeriod = async (
  sql: Sql,
  { merchantId, subscriptionId }: Named,
  period: number,
): Promise<PeriodState | undefined> => (await sql.rows(stateOf, [merchantId, subscriptionId, period]))[0];

/** How often a period was tried. */
export const countTries = async (sql: Sql, subscription: Named, period: number): Promise<number> =>
  (await findPeriod(sql, subscription, period))?.tries ?? 0;

const charges = statement<{ acquiring_order_id: string }>(
  'subscription-charge/list',
  `select acquiring_order_id from subscription_charge where merchant_id = $1 and subscription_id = $2
   order by period desc, try desc limit 100`,
);

/** The orders that tried to pay its periods, by period; the latest hundred. */
export const listOrderIds = async (sql: Sql, { merchantId, subscriptionId }: Named): Promise<string[]> =>
  (await sql.rows(charges, [merchantId, subscriptionId])).map((row) => row.acquiring_order_id).reverse();

function subscriptionFrom(row: SubscriptionRow): Subscription {
  return {
    merchantId: row.merchant_id,
    subscriptionId: row.subscription_id,
    subscriptionRequest: row.subscription_request,
    requestFingerprint: row.request_fingerprint,
    merchantSubscriptionId: row.merchant_subscription_id,
    status: row.status,
    currency: row.currency,
    terms: row.terms,
    tokenId: row.token_id ?? undefined,
    originId: row.origin_id ?? undefined,
    period: row.period,
    startedAt: row.started_at ?? undefined,
    anchor: row.anchor ?? undefined,
    anchorPeriod: row.anchor_period,
    nextChargeAt: row.next_charge_at ?? undefined,
    echo: row.echo,
    failure: row.failure ?? undefined,
    notifyUrl: row.notify_url,
    requestedAt: row.requested_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
