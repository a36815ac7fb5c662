/** An order as the wire shows it: the inquiry's data, which is also the notification's result (contract 10.2, 18.5). */
import { fromMinorUnits } from '@waffo/protocol/money';
import type { DataOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/order';
import { isCrossCurrency } from './amount.ts';
import { type Order, refundExpiryOf } from './order.ts';

type Record = DataOf<typeof operations.inquiry>;

export function recordOf(order: Order): Record {
  const { echo, failure, completedAt } = order;
  const paid = order.status === 'PAY_SUCCESS' && completedAt !== undefined;
  return {
    paymentRequestId: order.paymentRequestId,
    merchantOrderId: order.merchantOrderId,
    acquiringOrderId: order.acquiringOrderId,
    orderStatus: order.status,
    ...orderActionOf(order),
    orderCurrency: order.currency,
    orderAmount: order.amount,
    finalDealAmount: fromMinorUnits(paid ? order.capturedMinor : order.amountMinor, order.currency, {
      crossCurrency: isCrossCurrency(order.currency, echo.userCurrency),
    }),
    orderDescription: echo.orderDescription,
    orderRequestedAt: order.requestedAt.toISOString(),
    orderExpiredAt: order.expiresAt.toISOString(),
    orderUpdatedAt: order.updatedAt.toISOString(),
    ...(completedAt && { orderCompletedAt: completedAt.toISOString() }),
    ...(paid && { refundExpiryAt: refundExpiryOf(completedAt).toISOString() }),
    userCurrency: echo.userCurrency || order.currency,
    ...(failure && {
      orderFailedReason: JSON.stringify({ orderFailedCode: failure.code, orderFailedDescription: failure.description }),
    }),
    ...(echo.cancelRedirectUrl !== undefined && { cancelRedirectUrl: echo.cancelRedirectUrl }),
    ...(echo.extendInfo !== undefined && { extendInfo: echo.extendInfo }),
    userInfo: echo.userInfo as Record['userInfo'],
    merchantInfo: echo.merchantInfo as Record['merchantInfo'],
    ...(echo.goodsInfo && { goodsInfo: echo.goodsInfo as NonNullable<Record['goodsInfo']> }),
    addressInfo: (echo.addressInfo ?? {}) as NonNullable<Record['addressInfo']>,
    paymentInfo: echo.paymentInfo as Record['paymentInfo'],
    ...(echo.subscriptionInfo && { subscriptionInfo: echo.subscriptionInfo }),
  };
}

/** What the shopper must do, while the order waits for that: a string that holds JSON (contract section 16). */
export const orderActionOf = ({ status, echo: { webUrl } }: Order): { orderAction?: string } =>
  status === 'AUTHORIZATION_REQUIRED' && webUrl !== undefined
    ? { orderAction: JSON.stringify({ actionType: 'WEB', webUrl }) }
    : {};
