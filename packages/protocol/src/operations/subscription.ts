/** `/subscription/*` (contract sections 12 and 15). */
import { z } from 'zod';
import { operation } from '../operation.ts';
import { dateTime, id, merchantInfo, orderStatus, subscriptionStatus, text } from './members.ts';
import * as order from './order.ts';

export const userInfo = z
  .object({
    userId: id(64),
    userEmail: id(64),
    userTerminal: text(32).optional(),
    userPhone: text(30).optional(),
    userFirstName: text(64).optional(),
    userLastName: text(64).optional(),
    userCreatedAt: text(32).optional(),
    userReceiptUrl: text(1024).optional(),
    userBrowserIp: text(128, 'Needed with cardInfo').optional(),
    userAgent: text(256, 'Needed with cardInfo').optional(),
  })
  .meta({ id: 'SubscriptionUserInfo', description: 'The subscriber' });

const periodType = (meaning: string) => text(12, `${meaning}: DAILY, WEEKLY or MONTHLY`);

const scheduledAmounts = z
  .array(z.object({ period: id(24, 'Counted from 1, the trial included'), amount: id(24) }))
  .max(999);

/** Contract section 15.6. */
export const productInfo = z
  .object({
    description: id(128),
    periodType: periodType('The length of a period'),
    periodInterval: id(12, 'How many of those a period is, e.g. 1; a year is MONTHLY and 12'),
    numberOfPeriod: text(24, 'How many periods follow the trial; absent: without end').optional(),
    trialPeriodAmount: text(24, 'Decimal string; 0 is a free trial').optional(),
    numberOfTrialPeriod: text(12, 'Absent or 0: no trial').optional(),
    trialPeriodType: periodType('Of the trial').optional(),
    trialPeriodInterval: text(12).optional(),
    scheduledAmounts: scheduledAmounts.optional(),
  })
  .meta({ id: 'SubscriptionProductInfo', description: 'What is subscribed to, and how often it is paid' });

const productRecord = productInfo
  .extend({
    startDateTime: z.string().optional(),
    endDateTime: z.string().optional().describe('When the last period is over'),
    nextPaymentDateTime: z.string().optional().describe('When a card is charged next'),
    currentPeriod: z.string().optional(),
  })
  .meta({ id: 'SubscriptionProductRecord', description: 'The product, and where on its calendar the subscription is' });

export const paymentInfo = order.paymentInfo
  .omit({ captureMode: true, merchantInitiatedMode: true, payMethodCountry: true, cashierAppearance: true })
  .extend({ productName: id(32, 'SUBSCRIPTION or MINI_PROGRAM_SUBSCRIPTION') })
  .meta({ id: 'SubscriptionPaymentInfo', description: 'How it is paid; payMethodType or payMethodName must be given' });

const createRequest = z
  .object({
    subscriptionRequest: id(32, 'The idempotency key'),
    merchantSubscriptionId: id(64),
    currency: id(12, 'ISO 4217'),
    amount: id(24, 'Of a period: decimal string in major units, e.g. 100.00'),
    userCurrency: text(12).optional(),
    requestedAt: dateTime(),
    orderExpiredAt: dateTime('Until when the shopper may authenticate; four hours when absent').optional(),
    successRedirectUrl: text(1024).optional(),
    failedRedirectUrl: text(1024).optional(),
    cancelRedirectUrl: text(512).optional(),
    notifyUrl: id(1024, 'Receives the notifications of the subscription and of its payments'),
    subscriptionManagementUrl: text(1024).optional(),
    extendInfo: text(256).optional(),
    merchantInfo,
    userInfo,
    productInfo,
    paymentInfo,
    goodsInfo: order.goodsInfo.optional(),
    addressInfo: order.addressInfo.optional(),
    tokenId: text(
      64,
      'The card that pays; without it, and without cardInfo, the shopper chooses at the checkout',
    ).optional(),
    paymentTokenData: order.paymentTokenData.optional(),
    cardInfo: order.cardInfo.optional(),
    extraParams: z.object({ tokenId: text(64).optional() }).optional(),
    brandInfo: order.opaque('Logo and names for a cashier page'),
    riskData: order.opaque('What the merchant knows of the shopper'),
    metadata: order.opaque('Sent by some SDKs'),
  })
  .meta({ id: 'SubscriptionCreateRequest' });

export const ids = {
  subscriptionRequest: z.string(),
  merchantSubscriptionId: z.string(),
  subscriptionId: z.string(),
};

export const action = z.string().optional().describe('A string that holds JSON: actionType and webUrl');

/** Begins a subscription: its first period is paid with the token, and each later one when it begins. */
export const create = operation({
  path: '/subscription/create',
  door: 'merchant',
  summary: 'Subscribe a shopper, and charge the first period',
  description:
    'With a token in any published shape (contract section 8), with `cardInfo` of a PCI-certified merchant, or with the card that the shopper chooses at the page in `subscriptionAction`; a new card becomes a token when it has paid. Approved, it is `ACTIVE`; declined, `CLOSE`. When the issuer wants to see the shopper it is `AUTHORIZATION_REQUIRED` and `subscriptionAction` says where. A repeat with the same `subscriptionRequest` and content answers the present state and charges nothing.',
  request: createRequest,
  data: z.object({ ...ids, subscriptionStatus, subscriptionAction: action }).meta({ id: 'SubscriptionCreateData' }),
  envelope: 'order',
  idempotencyKey: 'subscriptionRequest',
  faults: [
    'IDEMPOTENCY_MISMATCH',
    'CONCURRENT_REQUEST',
    'CURRENCY_NOT_SUPPORTED',
    'AMOUNT_OUT_OF_RANGE',
    'TRANSACTION_LIMIT_EXCEEDED',
    'DAILY_LIMIT_EXCEEDED',
    'CONTRACT_FORBIDS',
    'PAY_METHOD_UNAVAILABLE',
    'CARD_EXCLUDED',
    'CARD_DATA_INVALID',
    'CARD_NOT_SUPPORTED',
    'TOKEN_EXPIRED',
    'TOKEN_INVALID',
    'PAYMENT_TOKEN_INVALID',
    'TOKEN_UNVERIFIED',
    'LANGUAGE_NOT_SUPPORTED',
    'PHONE_INVALID',
    'EMAIL_INVALID',
    'ORDER_EXPIRY_PAST',
    'CHANNEL_REJECTED',
    'STATUS_UNKNOWN',
  ],
});

const paymentDetail = z
  .object({
    period: z.string(),
    acquiringOrderId: z.string(),
    orderCurrency: z.string(),
    orderAmount: z.string(),
    orderStatus,
    orderUpdatedAt: z.string(),
  })
  .meta({ id: 'SubscriptionPaymentDetail', description: 'A payment of a subscription that has ended' });

export const subscriptionRecord = z
  .object({
    ...ids,
    subscriptionStatus,
    subscriptionAction: action,
    currency: z.string(),
    userCurrency: z.string(),
    amount: z.string(),
    productInfo: productRecord,
    merchantInfo,
    userInfo,
    paymentInfo,
    goodsInfo: order.goodsInfo.optional(),
    addressInfo: order.addressInfo.optional(),
    requestedAt: z.string(),
    updatedAt: z.string(),
    failedReason: z
      .string()
      .optional()
      .describe('A string that holds JSON: orderFailedCode and orderFailedDescription'),
    subscriptionManagementUrl: z.string().optional(),
    extendInfo: z.string().optional(),
    paymentDetails: z.array(paymentDetail).optional(),
  })
  .meta({ id: 'SubscriptionRecord', description: 'A subscription as inquiry and its notifications show it' });

/** Reads the present state of a subscription. */
export const inquiry = operation({
  path: '/subscription/inquiry',
  door: 'merchant',
  summary: 'Read a subscription',
  description:
    'By `subscriptionRequest` or `subscriptionId`. With `paymentDetails: 1` also its latest hundred payments, oldest first.',
  request: z
    .object({
      subscriptionRequest: text(32, 'This or subscriptionId must be given').optional(),
      subscriptionId: text(64).optional(),
      paymentDetails: z.int32().min(0).max(1).optional().describe('1: with payments'),
    })
    .meta({ id: 'SubscriptionInquiryRequest' }),
  data: subscriptionRecord,
  envelope: 'order',
  faults: ['ORDER_NOT_FOUND'],
});

/** Ends a subscription at once: nothing more is charged. */
export const cancel = operation({
  path: '/subscription/cancel',
  door: 'merchant',
  summary: 'End a subscription',
  description:
    'Only one that is `ACTIVE`. What was paid stays paid; nothing more is charged. Cancelling again answers the same.',
  request: z
    .object({
      subscriptionId: id(64),
      merchantId: id(64, 'Must be the merchant that the API key belongs to'),
      requestedAt: dateTime(),
    })
    .meta({ id: 'SubscriptionCancelRequest' }),
  data: z.object({ ...ids, orderStatus: subscriptionStatus }).meta({ id: 'SubscriptionCancelData' }),
  envelope: 'order',
  faults: ['ORDER_NOT_FOUND', 'CANCEL_REJECTED', 'STATUS_UNKNOWN'],
});

/** Changes what a subscription costs. */
export const update = operation({
  path: '/subscription/update',
  door: 'merchant',
  summary: 'Change the price of a subscription',
  description:
    'Only of one that is `ACTIVE`. From `nextEffectivePeriod` on; the period that runs keeps its price, also when it is tried again. `scheduledAmounts` replaces the earlier list.',
  request: z
    .object({
      subscriptionRequest: text(32, 'This or subscriptionId must be given').optional(),
      subscriptionId: text(64).optional(),
      amount: text(24, 'Of a period; unchanged when absent').optional(),
      productInfo: z
        .object({ trialPeriodAmount: text(24).optional(), scheduledAmounts: scheduledAmounts.optional() })
        .optional(),
      topupInfo: z.never().optional().describe('Refused: charge a top-up with `/order/create` and the token'),
    })
    .meta({ id: 'SubscriptionUpdateRequest' }),
  data: z
    .object({
      subscriptionRequest: z.string(),
      subscriptionId: z.string(),
      previousAmount: z.string(),
      newAmount: z.string(),
      previousTrialPeriodAmount: z.string().optional(),
      newTrialPeriodAmount: z.string().optional(),
      previousScheduledAmounts: scheduledAmounts,
      newScheduledAmounts: scheduledAmounts,
      nextEffectivePeriod: z.string(),
    })
    .meta({ id: 'SubscriptionUpdateData' }),
  envelope: 'order',
  faults: ['ORDER_NOT_FOUND', 'AMOUNT_OUT_OF_RANGE', 'CHANNEL_REJECTED', 'ORDER_STATE_INVALID'],
});

/** A page for the shopper. */
export const manage = operation({
  path: '/subscription/manage',
  door: 'merchant',
  summary: 'Get a link to the page where the shopper manages his subscription',
  description:
    'Only of one that is `ACTIVE`. Whoever has the link sees the plan and its payments, may change the card and end the subscription, until `expiredAt`, a day later. Each call makes another link; earlier ones stay.',
  request: z
    .object({
      subscriptionId: text(64, 'This or subscriptionRequest must be given').optional(),
      subscriptionRequest: text(64).optional(),
    })
    .meta({ id: 'SubscriptionManageRequest' }),
  data: z
    .object({ ...ids, managementUrl: z.string(), expiredAt: z.string(), subscriptionStatus })
    .meta({ id: 'SubscriptionManageData' }),
  envelope: 'order',
  faults: ['ORDER_NOT_FOUND', 'ORDER_STATE_INVALID'],
});
