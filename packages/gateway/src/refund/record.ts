/** A refund as the wire shows it: the inquiry's data, which is also the notification's result (contract 11, 18.5). */
import { fromMinorUnits } from '@waffo/protocol/money';
import type { DataOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/refund';
import { isCrossCurrency } from '../order/amount.ts';
import { type Order, refundableMinor } from '../order/order.ts';
import type { Refund } from './refund.ts';

type Record = DataOf<typeof operations.inquiry>;

export function recordOf(refund: Refund, order: Order): Record {
  const { echo, failure, completedAt } = refund;
  return {
    refundRequestId: refund.refundRequestId,
    ...(echo.merchantRefundOrderId !== undefined && { merchantRefundOrderId: echo.merchantRefundOrderId }),
    acquiringOrderId: refund.acquiringOrderId,
    acquiringRefundOrderId: refund.acquiringRefundOrderId,
    origPaymentRequestId: echo.origPaymentRequestId,
    refundAmount: refund.amount,
    refundStatus: refund.status,
    remainingRefundAmount: remainingOf(order),
    userCurrency: echo.userCurrency || refund.currency,
    finalDealAmount: inCurrency(refund.status === 'ORDER_REFUND_FAILED' ? 0n : refund.amountMinor, order),
    refundReason: echo.refundReason,
    refundSource: echo.refundSource,
    refundRequestedAt: refund.requestedAt.toISOString(),
    refundUpdatedAt: refund.updatedAt.toISOString(),
    ...(completedAt && { refundCompletedAt: completedAt.toISOString() }),
    ...(failure && {
      refundFailedReason: JSON.stringify({
        orderFailedCode: failure.code,
        orderFailedDescription: failure.description,
      }),
    }),
    ...(echo.merchantUserId !== undefined && { merchantUserId: echo.merchantUserId }),
    ...(echo.userInfo && { userInfo: echo.userInfo as NonNullable<Record['userInfo']> }),
    ...(echo.extendInfo !== undefined && { extendInfo: echo.extendInfo }),
    ...(order.echo.subscriptionInfo && { subscriptionInfo: order.echo.subscriptionInfo }),
  };
}

/** What can still be refunded of an order, as the wire writes it. */
export const remainingOf = (order: Order): string => inCurrency(refundableMinor(order), order);

const inCurrency = (amountMinor: bigint, { currency, echo }: Order): string =>
  fromMinorUnits(amountMinor, currency, { crossCurrency: isCrossCurrency(currency, echo.userCurrency) });
