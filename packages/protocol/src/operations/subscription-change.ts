/** `/subscription/change` and its inquiry (contract sections 12.5 and 12.6). */
import { z } from 'zod';
import { operation } from '../operation.ts';
import { dateTime, id, merchantInfo, subscriptionChangeStatus, text } from './members.ts';
import * as order from './order.ts';
import * as subscription from './subscription.ts';

/** Contract section 15.13. */
const changeProductInfo = subscription.productInfo
  .extend({ amount: id(12, 'Of a period: decimal string in major units') })
  .meta({ id: 'SubscriptionChangeProductInfo', description: 'What is subscribed to instead, and what it costs' });

const changePaymentInfo = subscription.paymentInfo.meta({
  id: 'SubscriptionChangePaymentInfo',
  description: 'How it is paid; what is not given stays as it was',
});

const originIds = {
  originSubscriptionRequest: id(32, 'Of the subscription that is replaced'),
  subscriptionRequest: id(32, 'Of the new one; the idempotency key'),
};

const changeRequest = z
  .object({
    ...originIds,
    remainingAmount: id(24, 'What is left of the old one: decimal string in major units; 0 when nothing is'),
    currency: id(12, 'ISO 4217; that of the old one'),
    requestedAt: dateTime(),
    notifyUrl: id(1024),
    productInfoList: z.array(changeProductInfo).min(1).max(99).describe('One product'),
    merchantInfo,
    userInfo: subscription.userInfo,
    goodsInfo: order.goodsInfo.optional(),
    paymentInfo: changePaymentInfo,
    merchantSubscriptionId: text(64).optional(),
    userCurrency: text(12).optional(),
    successRedirectUrl: text(1024).optional(),
    failedRedirectUrl: text(1024).optional(),
    cancelRedirectUrl: text(512).optional(),
    subscriptionManagementUrl: text(1024).optional(),
    extendInfo: text(256).optional(),
    orderExpiredAt: dateTime('Until when the shopper may authenticate; four hours when absent').optional(),
    addressInfo: order.addressInfo.optional(),
    brandInfo: order.opaque('Logo and names for a cashier page'),
    riskData: order.opaque('What the merchant knows of the shopper'),
  })
  .meta({ id: 'SubscriptionChangeRequest' });

/** Replaces a subscription by another one. */
export const change = operation({
  path: '/subscription/change',
  door: 'merchant',
  summary: 'Replace a subscription by another one',
  description:
    'Only one that is `ACTIVE`. The card of the old one pays the first period of the new one, less `remainingAmount`; what is left after that is taken off the periods that follow. When it is paid, or nothing is due, the new one is `ACTIVE` and the old one `MERCHANT_CANCELLED`; otherwise the change is `CLOSED` and the old one goes on. A repeat with the same `subscriptionRequest` and content answers the present state and charges nothing.',
  request: changeRequest,
  data: z
    .object({
      originSubscriptionRequest: z.string(),
      ...subscription.ids,
      subscriptionChangeStatus,
      subscriptionAction: subscription.action,
    })
    .meta({ id: 'SubscriptionChangeData' }),
  envelope: 'order',
  idempotencyKey: 'subscriptionRequest',
  faults: [
    'IDEMPOTENCY_MISMATCH',
    'CONCURRENT_REQUEST',
    'ORDER_NOT_FOUND',
    'ORDER_STATE_INVALID',
    'CURRENCY_NOT_SUPPORTED',
    'AMOUNT_OUT_OF_RANGE',
    'TRANSACTION_LIMIT_EXCEEDED',
    'DAILY_LIMIT_EXCEEDED',
    'CONTRACT_FORBIDS',
    'PAY_METHOD_UNAVAILABLE',
    'TOKEN_EXPIRED',
    'TOKEN_INVALID',
    'LANGUAGE_NOT_SUPPORTED',
    'PHONE_INVALID',
    'EMAIL_INVALID',
    'ORDER_EXPIRY_PAST',
    'CHANNEL_REJECTED',
    'STATUS_UNKNOWN',
  ],
});

export const subscriptionChangeRecord = z
  .object({
    originSubscriptionRequest: z.string(),
    ...subscription.ids,
    subscriptionChangeStatus,
    subscriptionAction: subscription.action,
    remainingAmount: z.string(),
    currency: z.string(),
    userCurrency: z.string(),
    requestedAt: z.string(),
    subscriptionManagementUrl: z.string().optional(),
    extendInfo: z.string().optional(),
    orderExpiredAt: z.string().optional(),
    productInfoList: z.array(changeProductInfo),
    merchantInfo,
    userInfo: subscription.userInfo,
    goodsInfo: order.goodsInfo.optional(),
    addressInfo: order.addressInfo.optional(),
    paymentInfo: subscription.paymentInfo,
  })
  .meta({ id: 'SubscriptionChangeRecord', description: 'A change as its inquiry and its notification show it' });

/** Reads how a change stands. */
export const changeInquiry = operation({
  path: '/subscription/change/inquiry',
  door: 'merchant',
  summary: 'Read a change',
  description: 'By both ids that the change was made with.',
  request: z.object(originIds).meta({ id: 'SubscriptionChangeInquiryRequest' }),
  data: subscriptionChangeRecord,
  envelope: 'order',
  faults: ['ORDER_NOT_FOUND'],
});
