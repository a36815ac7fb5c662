/** A change as the wire shows it: its inquiry's data, which is also its notification's result (contract 12.6, 18.5). */
import type { DataOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/subscription-change';
import type { SubscriptionChangeStatus, SubscriptionStatus } from '@waffo/protocol/statuses';
import { subscriptionActionOf } from './record.ts';
import type { Subscription } from './subscription.ts';

type Record = DataOf<typeof operations.changeInquiry>;

/** A change stands as the new subscription does: once that has begun the change is done, whatever becomes of it later. */
const statuses: Readonly<{ [status in SubscriptionStatus]: SubscriptionChangeStatus }> = {
  AUTHORIZATION_REQUIRED: 'AUTHORIZATION_REQUIRED',
  IN_PROGRESS: 'IN_PROGRESS',
  ACTIVE: 'SUCCESS',
  CLOSE: 'CLOSED',
  MERCHANT_CANCELLED: 'SUCCESS',
  USER_CANCELLED: 'SUCCESS',
  CHANNEL_CANCELLED: 'SUCCESS',
  EXPIRED: 'SUCCESS',
};

/** What `change` answers. */
export const changeDataOf = (subscription: Subscription): DataOf<typeof operations.change> => ({
  originSubscriptionRequest: subscription.echo.change?.originSubscriptionRequest ?? '',
  subscriptionRequest: subscription.subscriptionRequest,
  merchantSubscriptionId: subscription.merchantSubscriptionId,
  subscriptionId: subscription.subscriptionId,
  subscriptionChangeStatus: statuses[subscription.status],
  ...subscriptionActionOf(subscription),
});

export function changeRecordOf(subscription: Subscription): Record {
  const { echo, currency } = subscription;
  const { remainingAmount = '0', productInfoList = [], orderExpiredAt } = echo.change ?? {};
  return {
    ...changeDataOf(subscription),
    remainingAmount,
    currency,
    userCurrency: echo.userCurrency || currency,
    requestedAt: subscription.requestedAt.toISOString(),
    ...(echo.subscriptionManagementUrl !== undefined && { subscriptionManagementUrl: echo.subscriptionManagementUrl }),
    ...(echo.extendInfo !== undefined && { extendInfo: echo.extendInfo }),
    ...(orderExpiredAt !== undefined && { orderExpiredAt }),
    productInfoList: productInfoList as Record['productInfoList'],
    merchantInfo: echo.merchantInfo as Record['merchantInfo'],
    userInfo: echo.userInfo as Record['userInfo'],
    ...(echo.goodsInfo && { goodsInfo: echo.goodsInfo as NonNullable<Record['goodsInfo']> }),
    addressInfo: (echo.addressInfo ?? {}) as NonNullable<Record['addressInfo']>,
    paymentInfo: echo.usedPaymentInfo as Record['paymentInfo'],
  };
}
