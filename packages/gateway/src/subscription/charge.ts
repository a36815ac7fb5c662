/**
 * From a period to its order: the one way for the first payment and for renewals. The order is an order like any other,
 * with its own inquiry, notification and refunds; what it comes to is carried on by `settle.ts`.
 */
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { newAcquiringOrderId } from '../id.ts';
import { contractOf } from '../merchant/find-contract.ts';
import { checkLimits, dayOf } from '../merchant/limits.ts';
import { minorUnitsOf } from '../order/amount.ts';
import { allowsCard, checkCardMethod, checkChoice, defaultLifetimeMs } from '../order/check.ts';
import { type Order, untouched } from '../order/order.ts';
import { paidWith, payMethodNameOf } from '../order/paid-with.ts';
import type { Means } from '../order/pay.ts';
import { placeOrder } from '../order/place.ts';
import type { Tx } from '../storage/database.ts';
import { chargeableToken } from '../tokenization/charge.ts';
import { networkTransactionIdOf } from '../tokenization/network-transaction-id.ts';
import { claimTry, insertCharge } from './subscription.store.ts';
import type { Subscription } from './subscription.ts';
import { amountOf } from './terms.ts';

/** A try of a period. */
export interface Try {
  readonly period: number;
  /** From 1. */
  readonly attempt: number;
  /** CIT for the first payment, MIT for all others. */
  readonly initiator: 'CIT' | 'MIT';
  readonly expiresAt?: Date | undefined;
}

/** The order of a try, not written yet. */
export function orderOf(gateway: Gateway, subscription: Subscription, tried: Try): Order {
  const { merchantId, currency, echo, subscriptionId, subscriptionRequest, terms } = subscription;
  const now = gateway.clock.now();
  const amount = amountOf(terms, tried.period);
  const acquiringOrderId = newAcquiringOrderId(now);
  const { merchantInfo, userInfo, goodsInfo, addressInfo, paymentInfo, userCurrency } = echo;
  const { successRedirectUrl, failedRedirectUrl, cancelRedirectUrl, extendInfo } = echo;
  return {
    merchantId,
    ...untouched,
    acquiringOrderId,
    paymentRequestId: acquiringOrderId,
    requestFingerprint: subscription.requestFingerprint,
    merchantOrderId: subscription.merchantSubscriptionId,
    status: 'PAY_IN_PROGRESS',
    currency,
    amountMinor: minorUnitsOf(gateway, subscription, { amount, member: 'amount' }),
    amount,
    tokenId: subscription.tokenId,
    initiator: tried.initiator,
    captureMode: 'AUTOMATIC',
    cancelling: false,
    waitingCard: undefined,
    limitDay: undefined,
    echo: {
      merchantInfo,
      userInfo,
      goodsInfo,
      addressInfo,
      paymentInfo,
      orderDescription: echo.productInfo.description,
      userCurrency,
      cancelRedirectUrl,
      extendInfo,
      checkout: { successRedirectUrl, failedRedirectUrl },
      subscriptionInfo: {
        subscriptionId,
        period: String(tried.period),
        subscriptionRequest,
        merchantRequest: subscriptionRequest,
      },
    },
    failure: undefined,
    notifyUrl: subscription.notifyUrl,
    requestedAt: tried.attempt === 1 && tried.period === 1 ? subscription.requestedAt : now,
    expiresAt: tried.expiresAt ?? new Date(now.getTime() + defaultLifetimeMs),
    completedAt: undefined,
    createdAt: now,
    updatedAt: now,
  };
}

/** An order that may be charged, and the day's limit that it will be counted against. */
export interface Payable {
  readonly order: Order;
  readonly means: Means;
  readonly dailyLimitMinor: bigint | undefined;
}

/** An order that waits for its shopper's choice. */
export type Open = Omit<Payable, 'means'>;

/**
 * What a token pays with.
 *
 * @param tokenId - undefined of a subscription that was never paid
 * @throws Fault of `chargeableToken`
 */
export async function meansOfToken(
  gateway: Gateway,
  { merchantId, initiator }: Pick<Order, 'merchantId' | 'initiator'>,
  tokenId: string | undefined,
): Promise<Means> {
  if (tokenId === undefined) throw new Fault('TOKEN_INVALID');
  const { cardId, card } = await chargeableToken(gateway, { merchantId, tokenId, initiator, asAccessToken: false });
  const networkTransactionId =
    initiator === 'MIT' ? await networkTransactionIdOf(gateway.database, { merchantId, tokenId }) : undefined;
  return { card: { cardId, tokenId }, summary: card, tokenId, networkTransactionId };
}

/**
 * Looks whether the contract lets an order be charged now, and with this card.
 *
 * @throws Fault of `checkLimits` or `checkCardMethod`
 */
export async function payableOf(gateway: Gateway, order: Order, means: Means): Promise<Payable> {
  const { contract, paymentInfo, ...open } = await limited(gateway, order);
  const { amountMinor, currency, initiator } = order;
  const { summary } = means;
  const card = { ...summary, payMethodName: payMethodNameOf(summary) };
  checkCardMethod({ contract, amountMinor }, { orderCurrency: currency, paymentInfo }, card);
  const echo = { ...open.order.echo, paymentInfo: paidWith(paymentInfo, means, initiator) };
  return { ...open, order: { ...open.order, echo }, means };
}

/**
 * The same while nobody knows the card: whether the shopper will have a choice of cards.
 *
 * @throws Fault of `checkLimits`; PAY_METHOD_UNAVAILABLE
 */
export async function openOf(gateway: Gateway, order: Order): Promise<Open> {
  const { contract, paymentInfo, ...open } = await limited(gateway, order);
  if (!allowsCard(order)) {
    throw new Fault('PAY_METHOD_UNAVAILABLE', 'paymentInfo.payMethodType: a subscription is paid with a card');
  }
  checkChoice({ contract, captureMode: order.captureMode }, { orderCurrency: order.currency, paymentInfo });
  return open;
}

async function limited(gateway: Gateway, order: Order) {
  const { currency, amountMinor } = order;
  const contract = await contractOf(gateway, order.merchantId);
  const { dailyLimitMinor } = checkLimits(contract, { currency, amountMinor }) ?? {};
  const { paymentInfo } = order.echo as { readonly paymentInfo: Parameters<typeof checkCardMethod>[1]['paymentInfo'] };
  const limitDay = dailyLimitMinor === undefined ? undefined : dayOf(gateway.clock.now());
  return { contract, paymentInfo, order: { ...order, limitDay }, dailyLimitMinor };
}

/**
 * Writes an order as a try of its period, with the subscription locked.
 *
 * @returns false when the try was claimed before, or the period is decided: nothing may be charged
 * @throws Fault DAILY_LIMIT_EXCEEDED
 */
export async function writeTry(
  gateway: Gateway,
  tx: Tx,
  subscription: Subscription,
  { period, attempt }: Try,
  { order, dailyLimitMinor }: Pick<Payable, 'order' | 'dailyLimitMinor'>,
): Promise<boolean> {
  if (!(await claimTry(tx, subscription, { period, attempt }, gateway.clock.now()))) return false;
  if (!(await placeOrder(tx, order, dailyLimitMinor))) throw new Error('an order id came twice');
  await insertCharge(tx, subscription, { period, attempt, acquiringOrderId: order.acquiringOrderId });
  return true;
}
