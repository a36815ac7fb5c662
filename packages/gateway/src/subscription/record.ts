/** A subscription as the wire shows it: the inquiry's data, which is also the notifications' result (contract 12.2, 18.5). */
import type { DataOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/subscription';
import type { Order } from '../order/order.ts';
import { lastPeriodOf } from './period.ts';
import type { Subscription } from './subscription.ts';
import { periodStart } from './terms.ts';

type Record = DataOf<typeof operations.inquiry>;

/** @param payments - shown when they are given */
export function recordOf(subscription: Subscription, payments?: readonly Order[]): Record {
  const { echo, failure, terms } = subscription;
  return {
    subscriptionRequest: subscription.subscriptionRequest,
    merchantSubscriptionId: subscription.merchantSubscriptionId,
    subscriptionId: subscription.subscriptionId,
    subscriptionStatus: subscription.status,
    ...subscriptionActionOf(subscription),
    currency: subscription.currency,
    userCurrency: echo.userCurrency || subscription.currency,
    amount: terms.amount,
    requestedAt: subscription.requestedAt.toISOString(),
    updatedAt: subscription.updatedAt.toISOString(),
    ...(failure && {
      failedReason: JSON.stringify({ orderFailedCode: failure.code, orderFailedDescription: failure.description }),
    }),
    ...(echo.subscriptionManagementUrl !== undefined && { subscriptionManagementUrl: echo.subscriptionManagementUrl }),
    ...(echo.extendInfo !== undefined && { extendInfo: echo.extendInfo }),
    productInfo: productOf(subscription),
    userInfo: echo.userInfo as Record['userInfo'],
    merchantInfo: echo.merchantInfo as Record['merchantInfo'],
    ...(echo.goodsInfo && { goodsInfo: echo.goodsInfo as NonNullable<Record['goodsInfo']> }),
    addressInfo: (echo.addressInfo ?? {}) as NonNullable<Record['addressInfo']>,
    paymentInfo: echo.usedPaymentInfo as Record['paymentInfo'],
    ...(payments && { paymentDetails: payments.map(detailOf) }),
  };
}

function productOf(subscription: Subscription): Record['productInfo'] {
  const { echo, startedAt, nextChargeAt, period, terms } = subscription;
  const last = lastPeriodOf(terms.plan);
  const endsAt = last === undefined ? undefined : periodStart(subscription, last + 1);
  return {
    ...(echo.productInfo as Record['productInfo']),
    ...(startedAt && { startDateTime: startedAt.toISOString(), currentPeriod: String(period) }),
    ...(endsAt && { endDateTime: endsAt.toISOString() }),
    ...(nextChargeAt && { nextPaymentDateTime: nextChargeAt.toISOString() }),
  };
}

const detailOf = (order: Order): NonNullable<Record['paymentDetails']>[number] => ({
  period: order.echo.subscriptionInfo?.period ?? '',
  acquiringOrderId: order.acquiringOrderId,
  orderCurrency: order.currency,
  orderAmount: order.amount,
  orderStatus: order.status,
  orderUpdatedAt: order.updatedAt.toISOString(),
});

/** What the shopper must do, while the subscription waits for that: a string that holds JSON (contract section 16). */
export const subscriptionActionOf = ({ status, echo: { webUrl } }: Subscription): { subscriptionAction?: string } =>
  status === 'AUTHORIZATION_REQUIRED' && webUrl !== undefined
    ? { subscriptionAction: JSON.stringify({ actionType: 'WEB', webUrl }) }
    : {};
