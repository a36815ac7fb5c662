/** `/order/*` (contract sections 8 to 10 and 15). */
import { z } from 'zod';
import { operation } from '../operation.ts';
import { dateTime, id, merchantInfo, orderStatus, text } from './members.ts';

const userInfo = z
  .object({
    userId: id(64),
    userEmail: id(64),
    userTerminal: id(32, 'WEB, APP, IN_WALLET_APP or IN_MINI_PROGRAM'),
    userPhone: text(30).optional(),
    userCountryCode: text(3).optional(),
    userFirstName: text(64).optional(),
    userLastName: text(64).optional(),
    userCreatedAt: text(32).optional(),
    userBrowserIp: text(128).optional(),
    userAgent: text(256).optional(),
    userReceiptUrl: text(1024).optional(),
  })
  .meta({ id: 'OrderUserInfo', description: 'The shopper' });

/** C-07. */
export const goodsInfo = z
  .object({
    goodsId: text(128).optional(),
    goodsName: text(64).optional(),
    skuName: text(32).optional(),
    goodsUniquePrice: text(16).optional(),
    goodsQuantity: z.int32().optional(),
    goodsCategory: text(32).optional(),
    goodsUrl: text(128).optional(),
    appName: text(32).optional(),
  })
  .meta({ id: 'GoodsInfo', description: 'What is bought; nothing in it is required' });

export const paymentInfo = z
  .object({
    productName: id(32, 'ONE_TIME_PAYMENT, DIRECT_PAYMENT'),
    payMethodType: text(256, 'May be a comma list, e.g. CREDITCARD,DEBITCARD').optional(),
    payMethodName: text(256, 'e.g. CC_VISA').optional(),
    payMethodProperties: text(
      1024,
      'A string that holds JSON, e.g. {"cardPrefix":"4111,555555","cardPrefixPurpose":"promotion"}: other cards are refused',
    ).optional(),
    payMethodResponse: text(1024, 'Answers only: a string that holds JSON').optional(),
    userPaymentAccessToken: text(256, 'A tokenId; required with merchantInitiatedMode').optional(),
    payMethodUserAccountNo: text(64).optional(),
    payMethodUserAccountType: text(24).optional(),
    payMethodUserAccessToken: text(128, 'Accepted as a tokenId').optional(),
    payMethodPublicUid: text(128, 'Accepted as a tokenId').optional(),
    cashierLanguage: text(24).optional(),
    cashierAppearance: text(65_536, 'A string that holds JSON').optional(),
    payMethodCountry: text(3).optional(),
    captureMode: text(24, 'manualCapture').optional(),
    merchantInitiatedMode: text(24, 'scheduled or unscheduled').optional(),
  })
  .meta({ id: 'OrderPaymentInfo', description: 'How it is paid' });

/** C-12: the flat shape has lengths (contract section 15.8), the SDKs' pair of addresses has none. */
export const addressInfo = z
  .looseObject({
    address: text(256).optional(),
    city: text(32).optional(),
    region: text(32).optional(),
    postcode: text(16).optional(),
    addressCountryCode: text(16).optional(),
    shippingAddress: z.record(z.string(), z.unknown()).optional(),
    billingAddress: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'AddressInfo', description: 'Addresses, in either published shape; echoed as they were sent' });

/** `{tokenId}`, or a string (C-06, shapes V2 and V3 of contract section 8). */
export const paymentTokenData = z.union([z.string().max(8192), z.object({ tokenId: text(64).optional() })]);

/** Contract section 15.9. */
export const cardInfo = z
  .object({
    cardNumber: id(24),
    cardExpiryYear: z.int32(),
    cardExpiryMonth: z.int32().min(1).max(12),
    cardCvv: id(4),
    cardHolderName: text(128),
    threeDsDecision: text(12, '3DS_FORCE, 3DS_ATTEMPT or NO_3DS').optional(),
  })
  .meta({ id: 'OrderCardInfo', description: 'A bare card, from PCI-certified merchants only' });

/** Accepted and not acted upon; declared so that a repeat with another content is told from the first (contract 15). */
export const opaque = (meaning: string) => z.unknown().optional().describe(meaning);

const createRequest = z
  .object({
    paymentRequestId: id(32, 'The idempotency key'),
    merchantOrderId: id(64),
    orderCurrency: id(12, 'ISO 4217'),
    orderAmount: id(24, 'Decimal string in major units, e.g. 100.00'),
    userCurrency: text(12).optional(),
    orderDescription: id(128),
    orderRequestedAt: dateTime(),
    orderExpiredAt: dateTime().optional(),
    successRedirectUrl: text(1024).optional(),
    failedRedirectUrl: text(1024).optional(),
    cancelRedirectUrl: text(512).optional(),
    notifyUrl: id(1024, 'Receives PAYMENT_NOTIFICATION'),
    extendInfo: text(128).optional(),
    merchantInfo,
    userInfo,
    goodsInfo: goodsInfo.optional(),
    paymentInfo,
    addressInfo: addressInfo.optional(),
    tokenId: text(64, 'Replaces the card number').optional(),
    paymentTokenData: paymentTokenData.optional(),
    cardInfo: cardInfo.optional(),
    extraParams: z.object({ tokenId: text(64).optional() }).optional(),
    brandInfo: opaque('Logo and names for a cashier page'),
    riskData: opaque('What the merchant knows of the shopper'),
    productDetail: opaque('Sent by some SDKs'),
    acqOrderExtSubscriptionInfo: opaque('Sent by some SDKs'),
    channelId: opaque('Sent by some SDKs'),
  })
  .meta({ id: 'OrderCreateRequest' });

const createData = z
  .object({
    paymentRequestId: z.string(),
    merchantOrderId: z.string(),
    acquiringOrderId: z.string(),
    orderStatus,
    orderAction: z.string().optional().describe('A string that holds JSON: actionType and webUrl'),
  })
  .meta({ id: 'OrderCreateData' });

/** Creates an order and charges the card it names. */
export const create = operation({
  path: '/order/create',
  door: 'merchant',
  summary: 'Create an order and pay it with a card',
  description:
    'With a token in any published shape (contract section 8), or with `cardInfo` of a PCI-certified merchant. With `paymentInfo.captureMode: manualCapture` the amount is authorised only, and `order/capture` takes it. A repeat with the same `paymentRequestId` and content answers the present state and charges nothing.',
  request: createRequest,
  data: createData,
  envelope: 'order',
  idempotencyKey: 'paymentRequestId',
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
    'COUNTRY_NEEDED',
    'CARD_DATA_INVALID',
    'CARD_NOT_SUPPORTED',
    'TOKEN_EXPIRED',
    'TOKEN_INVALID',
    'PAYMENT_TOKEN_INVALID',
    'LANGUAGE_NOT_SUPPORTED',
    'PHONE_INVALID',
    'EMAIL_INVALID',
    'MIT_NEEDS_VERIFIED_TOKEN',
    'TOKEN_UNVERIFIED',
    'ORDER_EXPIRY_PAST',
    'CHANNEL_REJECTED',
    'STATUS_UNKNOWN',
  ],
});

const inquiryRequest = z
  .object({
    paymentRequestId: text(32, 'This or acquiringOrderId must be given').optional(),
    acquiringOrderId: text(32).optional(),
  })
  .meta({ id: 'OrderInquiryRequest' });

/** Contract section 15.11: of which subscription an order is a payment. */
export const subscriptionInfo = z
  .object({
    subscriptionId: z.string(),
    period: z.string(),
    merchantRequest: z.string(),
    subscriptionRequest: z.string(),
  })
  .meta({ id: 'SubscriptionInfo', description: 'The subscription, and which of its periods is paid; the first is 1' });

export const orderRecord = z
  .object({
    paymentRequestId: z.string(),
    merchantOrderId: z.string(),
    acquiringOrderId: z.string(),
    orderStatus,
    orderAction: z.string().optional(),
    orderCurrency: z.string(),
    orderAmount: z.string(),
    finalDealAmount: z.string(),
    userCurrency: z.string().optional(),
    orderDescription: z.string(),
    merchantInfo: merchantInfo,
    userInfo: userInfo.partial({ userTerminal: true }).meta({ id: 'OrderRecordUserInfo', description: 'The shopper' }),
    goodsInfo: goodsInfo.optional(),
    addressInfo: addressInfo.optional(),
    paymentInfo: paymentInfo,
    subscriptionInfo: subscriptionInfo.optional(),
    orderRequestedAt: z.string(),
    orderExpiredAt: z.string().optional(),
    orderUpdatedAt: z.string(),
    orderCompletedAt: z.string().optional(),
    refundExpiryAt: z.string().optional(),
    cancelRedirectUrl: z.string().optional(),
    orderFailedReason: z
      .string()
      .optional()
      .describe('A string that holds JSON: orderFailedCode and orderFailedDescription'),
    extendInfo: z.string().optional(),
  })
  .meta({ id: 'OrderRecord', description: 'An order as inquiry and PAYMENT_NOTIFICATION show it' });

/** Reads the present state of an order. */
export const inquiry = operation({
  path: '/order/inquiry',
  door: 'merchant',
  summary: 'Read an order',
  description: 'By `paymentRequestId` or `acquiringOrderId`.',
  request: inquiryRequest,
  data: orderRecord,
  envelope: 'order',
  faults: ['ORDER_NOT_FOUND'],
});
