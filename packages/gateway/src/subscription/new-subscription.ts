/** A subscription as it is before its first payment; it is no row yet. */
import type { RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/subscription';
import type { Gateway } from '../gateway.ts';
import { newSubscriptionId } from '../id.ts';
import { paidWith } from '../order/paid-with.ts';
import type { Means } from '../order/pay.ts';
import type { Subscription, SubscriptionChange } from './subscription.ts';
import type { Terms } from './terms.ts';

type Input = RequestOf<typeof operations.create>;

/** @param known.origin - of one that takes the place of another */
export function newSubscription(
  gateway: Gateway,
  merchantId: string,
  input: Input,
  known: {
    readonly fingerprint: Buffer;
    readonly terms: Terms;
    readonly means: Means | undefined;
    readonly origin?: { readonly originId: string; readonly change: SubscriptionChange };
  },
): Subscription {
  const now = gateway.clock.now();
  const { merchantInfo, userInfo, goodsInfo, addressInfo, productInfo, userCurrency, extendInfo } = input;
  const { successRedirectUrl, failedRedirectUrl, cancelRedirectUrl, subscriptionManagementUrl } = input;
  const { means } = known;
  return {
    merchantId,
    subscriptionId: newSubscriptionId(now),
    subscriptionRequest: input.subscriptionRequest,
    requestFingerprint: known.fingerprint,
    merchantSubscriptionId: input.merchantSubscriptionId,
    status: 'IN_PROGRESS',
    currency: input.currency,
    terms: known.terms,
    tokenId: means?.tokenId,
    originId: known.origin?.originId,
    period: 1,
    startedAt: undefined,
    anchor: undefined,
    anchorPeriod: 1,
    nextChargeAt: undefined,
    echo: {
      merchantInfo,
      userInfo,
      goodsInfo,
      addressInfo,
      paymentInfo: input.paymentInfo,
      usedPaymentInfo: means === undefined ? input.paymentInfo : paidWith(input.paymentInfo, means, 'CIT'),
      productInfo,
      userCurrency,
      successRedirectUrl,
      failedRedirectUrl,
      cancelRedirectUrl,
      subscriptionManagementUrl,
      extendInfo,
      change: known.origin?.change,
    },
    failure: undefined,
    notifyUrl: input.notifyUrl,
    requestedAt: new Date(input.requestedAt),
    createdAt: now,
    updatedAt: now,
  };
}
