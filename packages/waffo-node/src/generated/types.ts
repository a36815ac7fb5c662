// Made by `npm run generate` from packages/protocol. Do not edit.

/** Addresses, in either published shape; echoed as they were sent. */
export interface AddressInfo {
  /** At most 256 characters. */
  address?: string | undefined;
  /** At most 32 characters. */
  city?: string | undefined;
  /** At most 32 characters. */
  region?: string | undefined;
  /** At most 16 characters. */
  postcode?: string | undefined;
  /** At most 16 characters. */
  addressCountryCode?: string | undefined;
  shippingAddress?: Record<string, unknown> | undefined;
  billingAddress?: Record<string, unknown> | undefined;
}

/** A billing address. */
export interface BillingAddress {
  /** ISO 3166-1 alpha-3, e.g. USA. At most 3 characters. */
  countryCode?: string | undefined;
  /** At most 64 characters. */
  region?: string | undefined;
  /** At most 64 characters. */
  city?: string | undefined;
  /** At most 32 characters. */
  postalCode?: string | undefined;
  /** At most 256 characters. */
  address?: string | undefined;
}

/** What is bought; nothing in it is required. */
export interface GoodsInfo {
  /** At most 128 characters. */
  goodsId?: string | undefined;
  /** At most 64 characters. */
  goodsName?: string | undefined;
  /** At most 32 characters. */
  skuName?: string | undefined;
  /** At most 16 characters. */
  goodsUniquePrice?: string | undefined;
  goodsQuantity?: number | undefined;
  /** At most 32 characters. */
  goodsCategory?: string | undefined;
  /** At most 128 characters. */
  goodsUrl?: string | undefined;
  /** At most 32 characters. */
  appName?: string | undefined;
}

/** The card behind a token, masked; unknown values are empty strings. */
export interface MaskedTokenData {
  /** First six, six stars, last four, e.g. 411111******1111. */
  maskedCardInfo: string;
  cardHolderName: string;
  /** MM/YYYY. */
  cardExpiry: string;
  /** Six digits. */
  cardBin: string;
  /** VISA, MASTERCARD, AMEX, JCB, UNIONPAY, DINERS, DISCOVER, ELO … */
  cardScheme: string;
  /** CREDIT, DEBIT, PREPAID or empty. */
  cardType: string;
  cardIssuerName: string;
  cardIssueCountryCode: string;
}

/** The `data` of a successful answer of `POST /api/v1/merchantconfig/inquiry`. */
export interface MerchantConfigData {
  merchantId: string;
  /** Daily limit: currency to amount; absent without a limit. */
  totalDailyLimit?: Record<string, unknown> | undefined;
  /** What is left of it today: currency to amount; absent without a limit. */
  remainingDailyLimit?: Record<string, unknown> | undefined;
  /** Limit of a single order: currency to amount; absent without a limit. */
  transactionLimit?: Record<string, unknown> | undefined;
}

/** The request of `POST /api/v1/merchantconfig/inquiry`: Read the limits of the merchant's contract. Amounts are decimal strings in major units, by currency. A day ends at midnight UTC. */
export interface MerchantConfigRequest {
  /** Must be the merchant that the API key belongs to. At most 64 characters. */
  merchantId: string;
}

/** Who the merchant is, and for which of its sub-merchants it acts. */
export interface MerchantInfo {
  /** Must be the merchant that the API key belongs to. At most 64 characters. */
  merchantId: string;
  /** At most 64 characters. */
  subMerchantId?: string | undefined;
}

/** The `data` of a successful answer of `POST /api/v1/order/cancel`. */
export interface OrderCancelData {
  paymentRequestId: string;
  merchantOrderId: string;
  acquiringOrderId: string;
  orderStatus: 'PAY_IN_PROGRESS' | 'AUTHORIZATION_REQUIRED' | 'AUTHED_WAITING_CAPTURE' | 'CAPTURE_IN_PROGRESS' | 'PAY_SUCCESS' | 'ORDER_CLOSE';
}

/** The request of `POST /api/v1/order/cancel`: Cancel an order that is not paid. An authorised order is voided with the acquirer. Cancelling what is closed already answers `ORDER_CLOSE` again; an order whose charge has no known outcome is not closed (`E0001`). */
export interface OrderCancelRequest {
  /** This or acquiringOrderId must be given. At most 32 characters. */
  paymentRequestId?: string | undefined;
  /** At most 32 characters. */
  acquiringOrderId?: string | undefined;
  /** Must be the merchant that the API key belongs to. At most 64 characters. */
  merchantId: string;
  /** ISO 8601 with zone, e.g. `2026-04-01T12:00:00.000Z`. */
  orderRequestedAt: string;
}

/** The `data` of a successful answer of `POST /api/v1/order/capture`. */
export interface OrderCaptureData {
  paymentRequestId: string;
  merchantOrderId: string;
  acquiringOrderId: string;
  orderStatus: 'PAY_IN_PROGRESS' | 'AUTHORIZATION_REQUIRED' | 'AUTHED_WAITING_CAPTURE' | 'CAPTURE_IN_PROGRESS' | 'PAY_SUCCESS' | 'ORDER_CLOSE';
}

/** The request of `POST /api/v1/order/capture`: Capture an authorised order. For orders created with `paymentInfo.captureMode: manualCapture`. Once for each order; less than `orderAmount` releases the rest. Answers `CAPTURE_IN_PROGRESS`; `PAY_SUCCESS` and the notification follow. */
export interface OrderCaptureRequest {
  /** This or acquiringOrderId must be given. At most 32 characters. */
  paymentRequestId?: string | undefined;
  /** At most 32 characters. */
  acquiringOrderId?: string | undefined;
  /** Must be the merchant that the API key belongs to. At most 64 characters. */
  merchantId: string;
  /** ISO 8601 with zone, e.g. `2026-04-01T12:00:00.000Z`. */
  captureRequestedAt: string;
  /** At most orderAmount; what is left of it is released. At most 24 characters. */
  captureAmount: string;
}

/** A bare card, from PCI-certified merchants only. */
export interface OrderCardInfo {
  /** At most 24 characters. */
  cardNumber: string;
  cardExpiryYear: number;
  cardExpiryMonth: number;
  /** At most 4 characters. */
  cardCvv: string;
  /** At most 128 characters. */
  cardHolderName: string;
  /** 3DS_FORCE, 3DS_ATTEMPT or NO_3DS. At most 12 characters. */
  threeDsDecision?: string | undefined;
}

/** The `data` of a successful answer of `POST /api/v1/order/create`. */
export interface OrderCreateData {
  paymentRequestId: string;
  merchantOrderId: string;
  acquiringOrderId: string;
  orderStatus: 'PAY_IN_PROGRESS' | 'AUTHORIZATION_REQUIRED' | 'AUTHED_WAITING_CAPTURE' | 'CAPTURE_IN_PROGRESS' | 'PAY_SUCCESS' | 'ORDER_CLOSE';
  /** A string that holds JSON: actionType and webUrl. */
  orderAction?: string | undefined;
}

/** The request of `POST /api/v1/order/create`: Create an order and pay it with a card. With a token in any published shape (contract section 8), or with `cardInfo` of a PCI-certified merchant. With `paymentInfo.captureMode: manualCapture` the amount is authorised only, and `order/capture` takes it. A repeat with the same `paymentRequestId` and content answers the present state and charges nothing. */
export interface OrderCreateRequest {
  /** The idempotency key. At most 32 characters. */
  paymentRequestId: string;
  /** At most 64 characters. */
  merchantOrderId: string;
  /** ISO 4217. At most 12 characters. */
  orderCurrency: string;
  /** Decimal string in major units, e.g. 100.00. At most 24 characters. */
  orderAmount: string;
  /** At most 12 characters. */
  userCurrency?: string | undefined;
  /** At most 128 characters. */
  orderDescription: string;
  /** ISO 8601 with zone, e.g. `2026-04-01T12:00:00.000Z`. */
  orderRequestedAt: string;
  /** ISO 8601 with zone, e.g. `2026-04-01T12:00:00.000Z`. */
  orderExpiredAt?: string | undefined;
  /** At most 1024 characters. */
  successRedirectUrl?: string | undefined;
  /** At most 1024 characters. */
  failedRedirectUrl?: string | undefined;
  /** At most 512 characters. */
  cancelRedirectUrl?: string | undefined;
  /** Receives PAYMENT_NOTIFICATION. At most 1024 characters. */
  notifyUrl: string;
  /** At most 128 characters. */
  extendInfo?: string | undefined;
  merchantInfo: MerchantInfo;
  userInfo: OrderUserInfo;
  goodsInfo?: GoodsInfo | undefined;
  paymentInfo: OrderPaymentInfo;
  addressInfo?: AddressInfo | undefined;
  /** Replaces the card number. At most 64 characters. */
  tokenId?: string | undefined;
  paymentTokenData?: string | {
    /** At most 64 characters. */
    tokenId?: string | undefined;
  } | undefined;
  cardInfo?: OrderCardInfo | undefined;
  extraParams?: {
    /** At most 64 characters. */
    tokenId?: string | undefined;
  } | undefined;
  /** Logo and names for a cashier page. */
  brandInfo?: unknown | undefined;
  /** What the merchant knows of the shopper. */
  riskData?: unknown | undefined;
  /** Sent by some SDKs. */
  productDetail?: unknown | undefined;
  /** Sent by some SDKs. */
  acqOrderExtSubscriptionInfo?: unknown | undefined;
  /** Sent by some SDKs. */
  channelId?: unknown | undefined;
}

/** The request of `POST /api/v1/order/inquiry`: Read an order. By `paymentRequestId` or `acquiringOrderId`. */
export interface OrderInquiryRequest {
  /** This or acquiringOrderId must be given. At most 32 characters. */
  paymentRequestId?: string | undefined;
  /** At most 32 characters. */
  acquiringOrderId?: string | undefined;
}

/** How it is paid. */
export interface OrderPaymentInfo {
  /** ONE_TIME_PAYMENT, DIRECT_PAYMENT. At most 32 characters. */
  productName: string;
  /** May be a comma list, e.g. CREDITCARD,DEBITCARD. At most 256 characters. */
  payMethodType?: string | undefined;
  /** e.g. CC_VISA. At most 256 characters. */
  payMethodName?: string | undefined;
  /** A string that holds JSON, e.g. {"cardPrefix":"4111,555555","cardPrefixPurpose":"promotion"}: other cards are refused. At most 1024 characters. */
  payMethodProperties?: string | undefined;
  /** Answers only: a string that holds JSON. At most 1024 characters. */
  payMethodResponse?: string | undefined;
  /** A tokenId; required with merchantInitiatedMode. At most 256 characters. */
  userPaymentAccessToken?: string | undefined;
  /** At most 64 characters. */
  payMethodUserAccountNo?: string | undefined;
  /** At most 24 characters. */
  payMethodUserAccountType?: string | undefined;
  /** Accepted as a tokenId. At most 128 characters. */
  payMethodUserAccessToken?: string | undefined;
  /** Accepted as a tokenId. At most 128 characters. */
  payMethodPublicUid?: string | undefined;
  /** At most 24 characters. */
  cashierLanguage?: string | undefined;
  /** A string that holds JSON. At most 65536 characters. */
  cashierAppearance?: string | undefined;
  /** At most 3 characters. */
  payMethodCountry?: string | undefined;
  /** manualCapture. At most 24 characters. */
  captureMode?: string | undefined;
  /** scheduled or unscheduled. At most 24 characters. */
  merchantInitiatedMode?: string | undefined;
}

/** The `data` of a successful answer of `POST /api/v1/order/inquiry`. */
export interface OrderRecord {
  paymentRequestId: string;
  merchantOrderId: string;
  acquiringOrderId: string;
  orderStatus: 'PAY_IN_PROGRESS' | 'AUTHORIZATION_REQUIRED' | 'AUTHED_WAITING_CAPTURE' | 'CAPTURE_IN_PROGRESS' | 'PAY_SUCCESS' | 'ORDER_CLOSE';
  orderAction?: string | undefined;
  orderCurrency: string;
  orderAmount: string;
  finalDealAmount: string;
  userCurrency?: string | undefined;
  orderDescription: string;
  merchantInfo: MerchantInfo;
  userInfo: OrderRecordUserInfo;
  goodsInfo?: GoodsInfo | undefined;
  addressInfo?: AddressInfo | undefined;
  paymentInfo: OrderPaymentInfo;
  subscriptionInfo?: SubscriptionInfo | undefined;
  orderRequestedAt: string;
  orderExpiredAt?: string | undefined;
  orderUpdatedAt: string;
  orderCompletedAt?: string | undefined;
  refundExpiryAt?: string | undefined;
  cancelRedirectUrl?: string | undefined;
  /** A string that holds JSON: orderFailedCode and orderFailedDescription. */
  orderFailedReason?: string | undefined;
  extendInfo?: string | undefined;
}

/** The shopper. */
export interface OrderRecordUserInfo {
  /** At most 64 characters. */
  userId: string;
  /** At most 64 characters. */
  userEmail: string;
  /** WEB, APP, IN_WALLET_APP or IN_MINI_PROGRAM. At most 32 characters. */
  userTerminal?: string | undefined;
  /** At most 30 characters. */
  userPhone?: string | undefined;
  /** At most 3 characters. */
  userCountryCode?: string | undefined;
  /** At most 64 characters. */
  userFirstName?: string | undefined;
  /** At most 64 characters. */
  userLastName?: string | undefined;
  /** At most 32 characters. */
  userCreatedAt?: string | undefined;
  /** At most 128 characters. */
  userBrowserIp?: string | undefined;
  /** At most 256 characters. */
  userAgent?: string | undefined;
  /** At most 1024 characters. */
  userReceiptUrl?: string | undefined;
}

/** The `data` of a successful answer of `POST /api/v1/order/refund`. */
export interface OrderRefundData {
  refundRequestId: string;
  merchantRefundOrderId?: string | undefined;
  acquiringOrderId: string;
  acquiringRefundOrderId: string;
  refundAmount: string;
  refundStatus: 'REFUND_IN_PROGRESS' | 'ORDER_PARTIALLY_REFUNDED' | 'ORDER_FULLY_REFUNDED' | 'ORDER_REFUND_FAILED';
  /** What can still be refunded of the order. */
  remainingRefundAmount: string;
  refundSource: string;
}

/** The request of `POST /api/v1/order/refund`: Refund a paid order. In parts, up to 50 times and up to what was captured, within the refund period. A repeat with the same `refundRequestId` and content answers the present state and refunds nothing. */
export interface OrderRefundRequest {
  /** The idempotency key. At most 32 characters. */
  refundRequestId: string;
  /** The order to refund. At most 32 characters. */
  acquiringOrderId: string;
  /** At most 64 characters. */
  merchantRefundOrderId?: string | undefined;
  /** Must be the merchant that the API key belongs to. At most 64 characters. */
  merchantId: string;
  /** ISO 8601 with zone, e.g. `2026-04-01T12:00:00.000Z`. */
  requestedAt: string;
  /** In the order's currency. At most 24 characters. */
  refundAmount: string;
  /** At most 256 characters. */
  refundReason: string;
  /** Receives REFUND_NOTIFICATION; never the order's notifyUrl. At most 1024 characters. */
  refundNotifyUrl?: string | undefined;
  /** At most 128 characters. */
  extendInfo?: string | undefined;
  /** At most 32 characters. */
  refundSource?: string | undefined;
  userInfo?: RefundUserInfo | undefined;
}

/** The shopper. */
export interface OrderUserInfo {
  /** At most 64 characters. */
  userId: string;
  /** At most 64 characters. */
  userEmail: string;
  /** WEB, APP, IN_WALLET_APP or IN_MINI_PROGRAM. At most 32 characters. */
  userTerminal: string;
  /** At most 30 characters. */
  userPhone?: string | undefined;
  /** At most 3 characters. */
  userCountryCode?: string | undefined;
  /** At most 64 characters. */
  userFirstName?: string | undefined;
  /** At most 64 characters. */
  userLastName?: string | undefined;
  /** At most 32 characters. */
  userCreatedAt?: string | undefined;
  /** At most 128 characters. */
  userBrowserIp?: string | undefined;
  /** At most 256 characters. */
  userAgent?: string | undefined;
  /** At most 1024 characters. */
  userReceiptUrl?: string | undefined;
}

/** The `data` of a successful answer of `POST /api/v1/paymethodconfig/inquiry`. */
export interface PayMethodConfigData {
  merchantId: string;
  payMethodDetails: PayMethodDetail[];
}

/** The request of `POST /api/v1/paymethodconfig/inquiry`: Read the contracted payment methods. One row for each product, method and, where the amounts are bounded, currency. */
export interface PayMethodConfigRequest {
  /** Must be the merchant that the API key belongs to. At most 64 characters. */
  merchantId: string;
}

/** A method that the contract covers. */
export interface PayMethodDetail {
  productName: string;
  payMethodType: string;
  payMethodName: string;
  /** ISO 3166-1 alpha-3; empty for methods of no one country. */
  country: string;
  /** 1: available. */
  currentStatus: '0' | '1';
  currency?: string | undefined;
  orderAmountMin?: string | undefined;
  orderAmountMax?: string | undefined;
  /** 1: can be refunded. */
  refundAllowed: '0' | '1';
  fixedMaintenanceRules: ({
    startRule: string;
    endRule: string;
  })[];
  fixedMaintenanceTimezone: string;
}

/** A payment ended: `PAY_SUCCESS` or `ORDER_CLOSE`. */
export interface PaymentNotification {
  eventType: 'PAYMENT_NOTIFICATION';
  result: OrderRecord;
}

/** The request of `POST /api/v1/refund/inquiry`: Read a refund. By `refundRequestId` or `acquiringRefundOrderId`. */
export interface RefundInquiryRequest {
  /** This or acquiringRefundOrderId must be given. At most 32 characters. */
  refundRequestId?: string | undefined;
  /** At most 32 characters. */
  acquiringRefundOrderId?: string | undefined;
}

/** A refund ended, one way or the other. */
export interface RefundNotification {
  eventType: 'REFUND_NOTIFICATION';
  result: RefundRecord;
}

/** The `data` of a successful answer of `POST /api/v1/refund/inquiry`. */
export interface RefundRecord {
  refundRequestId: string;
  merchantRefundOrderId?: string | undefined;
  acquiringOrderId: string;
  acquiringRefundOrderId: string;
  origPaymentRequestId: string;
  refundAmount: string;
  refundStatus: 'REFUND_IN_PROGRESS' | 'ORDER_PARTIALLY_REFUNDED' | 'ORDER_FULLY_REFUNDED' | 'ORDER_REFUND_FAILED';
  remainingRefundAmount: string;
  /** What the shopper receives. */
  finalDealAmount: string;
  userCurrency?: string | undefined;
  refundReason: string;
  refundSource: string;
  refundRequestedAt: string;
  refundUpdatedAt: string;
  refundCompletedAt?: string | undefined;
  /** A string that holds JSON: orderFailedCode and orderFailedDescription. */
  refundFailedReason?: string | undefined;
  merchantUserId?: string | undefined;
  userInfo?: RefundUserInfo | undefined;
  extendInfo?: string | undefined;
  subscriptionInfo?: SubscriptionInfo | undefined;
}

/** Who is paid back, for methods that must be told. */
export interface RefundUserInfo {
  /** INDIVIDUAL or BUSINESS. At most 12 characters. */
  userType: string;
  /** At most 64 characters. */
  userFirstName?: string | undefined;
  /** At most 64 characters. */
  userMiddleName?: string | undefined;
  /** At most 64 characters. */
  userLastName?: string | undefined;
  /** At most 3 characters. */
  nationality?: string | undefined;
  /** At most 64 characters. */
  userEmail?: string | undefined;
  /** At most 16 characters. */
  userPhone?: string | undefined;
  /** At most 12 characters. */
  userBirthDay?: string | undefined;
  /** At most 24 characters. */
  userIDType?: string | undefined;
  /** At most 64 characters. */
  userIDNumber?: string | undefined;
  /** dd/mm/yyyy. At most 12 characters. */
  userIDIssueDate?: string | undefined;
  /** dd/mm/yyyy. At most 12 characters. */
  userIDExpiryDate?: string | undefined;
  userBankInfo?: {
    /** At most 64 characters. */
    bankAccountNo?: string | undefined;
    /** At most 64 characters. */
    bankCode?: string | undefined;
    /** At most 64 characters. */
    bankName?: string | undefined;
    /** At most 64 characters. */
    bankCity?: string | undefined;
    /** At most 64 characters. */
    bankBranch?: string | undefined;
  } | undefined;
}

/** The `data` of a successful answer of `POST /api/v1/subscription/cancel`. */
export interface SubscriptionCancelData {
  subscriptionRequest: string;
  merchantSubscriptionId: string;
  subscriptionId: string;
  orderStatus: 'AUTHORIZATION_REQUIRED' | 'IN_PROGRESS' | 'ACTIVE' | 'CLOSE' | 'MERCHANT_CANCELLED' | 'USER_CANCELLED' | 'CHANNEL_CANCELLED' | 'EXPIRED';
}

/** The request of `POST /api/v1/subscription/cancel`: End a subscription. Only one that is `ACTIVE`. What was paid stays paid; nothing more is charged. Cancelling again answers the same. */
export interface SubscriptionCancelRequest {
  /** At most 64 characters. */
  subscriptionId: string;
  /** Must be the merchant that the API key belongs to. At most 64 characters. */
  merchantId: string;
  /** ISO 8601 with zone, e.g. `2026-04-01T12:00:00.000Z`. */
  requestedAt: string;
}

/** The `data` of a successful answer of `POST /api/v1/subscription/change`. */
export interface SubscriptionChangeData {
  originSubscriptionRequest: string;
  subscriptionRequest: string;
  merchantSubscriptionId: string;
  subscriptionId: string;
  subscriptionChangeStatus: 'IN_PROGRESS' | 'AUTHORIZATION_REQUIRED' | 'SUCCESS' | 'CLOSED';
  /** A string that holds JSON: actionType and webUrl. */
  subscriptionAction?: string | undefined;
}

/** The request of `POST /api/v1/subscription/change/inquiry`: Read a change. By both ids that the change was made with. */
export interface SubscriptionChangeInquiryRequest {
  /** Of the subscription that is replaced. At most 32 characters. */
  originSubscriptionRequest: string;
  /** Of the new one; the idempotency key. At most 32 characters. */
  subscriptionRequest: string;
}

/** A change ended: `SUCCESS`, or `CLOSED` and the old subscription goes on. */
export interface SubscriptionChangeNotification {
  eventType: 'SUBSCRIPTION_CHANGE_NOTIFICATION';
  result: SubscriptionChangeRecord;
}

/** How it is paid; what is not given stays as it was. */
export type SubscriptionChangePaymentInfo = SubscriptionPaymentInfo;

/** What is subscribed to instead, and what it costs. */
export interface SubscriptionChangeProductInfo {
  /** At most 128 characters. */
  description: string;
  /** The length of a period: DAILY, WEEKLY or MONTHLY. At most 12 characters. */
  periodType: string;
  /** How many of those a period is, e.g. 1; a year is MONTHLY and 12. At most 12 characters. */
  periodInterval: string;
  /** How many periods follow the trial; absent: without end. At most 24 characters. */
  numberOfPeriod?: string | undefined;
  /** Decimal string; 0 is a free trial. At most 24 characters. */
  trialPeriodAmount?: string | undefined;
  /** Absent or 0: no trial. At most 12 characters. */
  numberOfTrialPeriod?: string | undefined;
  /** Of the trial: DAILY, WEEKLY or MONTHLY. At most 12 characters. */
  trialPeriodType?: string | undefined;
  /** At most 12 characters. */
  trialPeriodInterval?: string | undefined;
  scheduledAmounts?: ({
    /** Counted from 1, the trial included. At most 24 characters. */
    period: string;
    /** At most 24 characters. */
    amount: string;
  })[] | undefined;
  /** Of a period: decimal string in major units. At most 12 characters. */
  amount: string;
}

/** The `data` of a successful answer of `POST /api/v1/subscription/change/inquiry`. */
export interface SubscriptionChangeRecord {
  originSubscriptionRequest: string;
  subscriptionRequest: string;
  merchantSubscriptionId: string;
  subscriptionId: string;
  subscriptionChangeStatus: 'IN_PROGRESS' | 'AUTHORIZATION_REQUIRED' | 'SUCCESS' | 'CLOSED';
  /** A string that holds JSON: actionType and webUrl. */
  subscriptionAction?: string | undefined;
  remainingAmount: string;
  currency: string;
  userCurrency: string;
  requestedAt: string;
  subscriptionManagementUrl?: string | undefined;
  extendInfo?: string | undefined;
  orderExpiredAt?: string | undefined;
  productInfoList: SubscriptionChangeProductInfo[];
  merchantInfo: MerchantInfo;
  userInfo: SubscriptionUserInfo;
  goodsInfo?: GoodsInfo | undefined;
  addressInfo?: AddressInfo | undefined;
  paymentInfo: SubscriptionPaymentInfo;
}

/** The request of `POST /api/v1/subscription/change`: Replace a subscription by another one. Only one that is `ACTIVE`. The card of the old one pays the first period of the new one, less `remainingAmount`; what is left after that is taken off the periods that follow. When it is paid, or nothing is due, the new one is `ACTIVE` and the old one `MERCHANT_CANCELLED`; otherwise the change is `CLOSED` and the old one goes on. A repeat with the same `subscriptionRequest` and content answers the present state and charges nothing. */
export interface SubscriptionChangeRequest {
  /** Of the subscription that is replaced. At most 32 characters. */
  originSubscriptionRequest: string;
  /** Of the new one; the idempotency key. At most 32 characters. */
  subscriptionRequest: string;
  /** What is left of the old one: decimal string in major units; 0 when nothing is. At most 24 characters. */
  remainingAmount: string;
  /** ISO 4217; that of the old one. At most 12 characters. */
  currency: string;
  /** ISO 8601 with zone, e.g. `2026-04-01T12:00:00.000Z`. */
  requestedAt: string;
  /** At most 1024 characters. */
  notifyUrl: string;
  /** One product. */
  productInfoList: SubscriptionChangeProductInfo[];
  merchantInfo: MerchantInfo;
  userInfo: SubscriptionUserInfo;
  goodsInfo?: GoodsInfo | undefined;
  paymentInfo: SubscriptionChangePaymentInfo;
  /** At most 64 characters. */
  merchantSubscriptionId?: string | undefined;
  /** At most 12 characters. */
  userCurrency?: string | undefined;
  /** At most 1024 characters. */
  successRedirectUrl?: string | undefined;
  /** At most 1024 characters. */
  failedRedirectUrl?: string | undefined;
  /** At most 512 characters. */
  cancelRedirectUrl?: string | undefined;
  /** At most 1024 characters. */
  subscriptionManagementUrl?: string | undefined;
  /** At most 256 characters. */
  extendInfo?: string | undefined;
  /** Until when the shopper may authenticate; four hours when absent. ISO 8601 with zone, e.g. `2026-04-01T12:00:00.000Z`. */
  orderExpiredAt?: string | undefined;
  addressInfo?: AddressInfo | undefined;
  /** Logo and names for a cashier page. */
  brandInfo?: unknown | undefined;
  /** What the merchant knows of the shopper. */
  riskData?: unknown | undefined;
}

/** The `data` of a successful answer of `POST /api/v1/subscription/create`. */
export interface SubscriptionCreateData {
  subscriptionRequest: string;
  merchantSubscriptionId: string;
  subscriptionId: string;
  subscriptionStatus: 'AUTHORIZATION_REQUIRED' | 'IN_PROGRESS' | 'ACTIVE' | 'CLOSE' | 'MERCHANT_CANCELLED' | 'USER_CANCELLED' | 'CHANNEL_CANCELLED' | 'EXPIRED';
  /** A string that holds JSON: actionType and webUrl. */
  subscriptionAction?: string | undefined;
}

/** The request of `POST /api/v1/subscription/create`: Subscribe a shopper, and charge the first period. With a token in any published shape (contract section 8), with `cardInfo` of a PCI-certified merchant, or with the card that the shopper chooses at the page in `subscriptionAction`; a new card becomes a token when it has paid. Approved, it is `ACTIVE`; declined, `CLOSE`. When the issuer wants to see the shopper it is `AUTHORIZATION_REQUIRED` and `subscriptionAction` says where. A repeat with the same `subscriptionRequest` and content answers the present state and charges nothing. */
export interface SubscriptionCreateRequest {
  /** The idempotency key. At most 32 characters. */
  subscriptionRequest: string;
  /** At most 64 characters. */
  merchantSubscriptionId: string;
  /** ISO 4217. At most 12 characters. */
  currency: string;
  /** Of a period: decimal string in major units, e.g. 100.00. At most 24 characters. */
  amount: string;
  /** At most 12 characters. */
  userCurrency?: string | undefined;
  /** ISO 8601 with zone, e.g. `2026-04-01T12:00:00.000Z`. */
  requestedAt: string;
  /** Until when the shopper may authenticate; four hours when absent. ISO 8601 with zone, e.g. `2026-04-01T12:00:00.000Z`. */
  orderExpiredAt?: string | undefined;
  /** At most 1024 characters. */
  successRedirectUrl?: string | undefined;
  /** At most 1024 characters. */
  failedRedirectUrl?: string | undefined;
  /** At most 512 characters. */
  cancelRedirectUrl?: string | undefined;
  /** Receives the notifications of the subscription and of its payments. At most 1024 characters. */
  notifyUrl: string;
  /** At most 1024 characters. */
  subscriptionManagementUrl?: string | undefined;
  /** At most 256 characters. */
  extendInfo?: string | undefined;
  merchantInfo: MerchantInfo;
  userInfo: SubscriptionUserInfo;
  productInfo: SubscriptionProductInfo;
  paymentInfo: SubscriptionPaymentInfo;
  goodsInfo?: GoodsInfo | undefined;
  addressInfo?: AddressInfo | undefined;
  /** The card that pays; without it, and without cardInfo, the shopper chooses at the checkout. At most 64 characters. */
  tokenId?: string | undefined;
  paymentTokenData?: string | {
    /** At most 64 characters. */
    tokenId?: string | undefined;
  } | undefined;
  cardInfo?: OrderCardInfo | undefined;
  extraParams?: {
    /** At most 64 characters. */
    tokenId?: string | undefined;
  } | undefined;
  /** Logo and names for a cashier page. */
  brandInfo?: unknown | undefined;
  /** What the merchant knows of the shopper. */
  riskData?: unknown | undefined;
  /** Sent by some SDKs. */
  metadata?: unknown | undefined;
}

/** The subscription, and which of its periods is paid; the first is 1. */
export interface SubscriptionInfo {
  subscriptionId: string;
  period: string;
  merchantRequest: string;
  subscriptionRequest: string;
}

/** The request of `POST /api/v1/subscription/inquiry`: Read a subscription. By `subscriptionRequest` or `subscriptionId`. With `paymentDetails: 1` also its latest hundred payments, oldest first. */
export interface SubscriptionInquiryRequest {
  /** This or subscriptionId must be given. At most 32 characters. */
  subscriptionRequest?: string | undefined;
  /** At most 64 characters. */
  subscriptionId?: string | undefined;
  /** 1: with payments. */
  paymentDetails?: number | undefined;
}

/** The `data` of a successful answer of `POST /api/v1/subscription/manage`. */
export interface SubscriptionManageData {
  subscriptionRequest: string;
  merchantSubscriptionId: string;
  subscriptionId: string;
  managementUrl: string;
  expiredAt: string;
  subscriptionStatus: 'AUTHORIZATION_REQUIRED' | 'IN_PROGRESS' | 'ACTIVE' | 'CLOSE' | 'MERCHANT_CANCELLED' | 'USER_CANCELLED' | 'CHANNEL_CANCELLED' | 'EXPIRED';
}

/** The request of `POST /api/v1/subscription/manage`: Get a link to the page where the shopper manages his subscription. Only of one that is `ACTIVE`. Whoever has the link sees the plan and its payments, may change the card and end the subscription, until `expiredAt`, a day later. Each call makes another link; earlier ones stay. */
export interface SubscriptionManageRequest {
  /** This or subscriptionRequest must be given. At most 64 characters. */
  subscriptionId?: string | undefined;
  /** At most 64 characters. */
  subscriptionRequest?: string | undefined;
}

/** A payment of a subscription that has ended. */
export interface SubscriptionPaymentDetail {
  period: string;
  acquiringOrderId: string;
  orderCurrency: string;
  orderAmount: string;
  orderStatus: 'PAY_IN_PROGRESS' | 'AUTHORIZATION_REQUIRED' | 'AUTHED_WAITING_CAPTURE' | 'CAPTURE_IN_PROGRESS' | 'PAY_SUCCESS' | 'ORDER_CLOSE';
  orderUpdatedAt: string;
}

/** How it is paid; payMethodType or payMethodName must be given. */
export interface SubscriptionPaymentInfo {
  /** SUBSCRIPTION or MINI_PROGRAM_SUBSCRIPTION. At most 32 characters. */
  productName: string;
  /** May be a comma list, e.g. CREDITCARD,DEBITCARD. At most 256 characters. */
  payMethodType?: string | undefined;
  /** e.g. CC_VISA. At most 256 characters. */
  payMethodName?: string | undefined;
  /** A string that holds JSON, e.g. {"cardPrefix":"4111,555555","cardPrefixPurpose":"promotion"}: other cards are refused. At most 1024 characters. */
  payMethodProperties?: string | undefined;
  /** Answers only: a string that holds JSON. At most 1024 characters. */
  payMethodResponse?: string | undefined;
  /** A tokenId; required with merchantInitiatedMode. At most 256 characters. */
  userPaymentAccessToken?: string | undefined;
  /** At most 64 characters. */
  payMethodUserAccountNo?: string | undefined;
  /** At most 24 characters. */
  payMethodUserAccountType?: string | undefined;
  /** Accepted as a tokenId. At most 128 characters. */
  payMethodUserAccessToken?: string | undefined;
  /** Accepted as a tokenId. At most 128 characters. */
  payMethodPublicUid?: string | undefined;
  /** At most 24 characters. */
  cashierLanguage?: string | undefined;
}

/** A later period is paid, or will not be: nothing is tried again for it. */
export interface SubscriptionPeriodChangedNotification {
  eventType: 'SUBSCRIPTION_PERIOD_CHANGED_NOTIFICATION';
  result: SubscriptionRecord;
}

/** What is subscribed to, and how often it is paid. */
export interface SubscriptionProductInfo {
  /** At most 128 characters. */
  description: string;
  /** The length of a period: DAILY, WEEKLY or MONTHLY. At most 12 characters. */
  periodType: string;
  /** How many of those a period is, e.g. 1; a year is MONTHLY and 12. At most 12 characters. */
  periodInterval: string;
  /** How many periods follow the trial; absent: without end. At most 24 characters. */
  numberOfPeriod?: string | undefined;
  /** Decimal string; 0 is a free trial. At most 24 characters. */
  trialPeriodAmount?: string | undefined;
  /** Absent or 0: no trial. At most 12 characters. */
  numberOfTrialPeriod?: string | undefined;
  /** Of the trial: DAILY, WEEKLY or MONTHLY. At most 12 characters. */
  trialPeriodType?: string | undefined;
  /** At most 12 characters. */
  trialPeriodInterval?: string | undefined;
  scheduledAmounts?: ({
    /** Counted from 1, the trial included. At most 24 characters. */
    period: string;
    /** At most 24 characters. */
    amount: string;
  })[] | undefined;
}

/** The product, and where on its calendar the subscription is. */
export interface SubscriptionProductRecord {
  /** At most 128 characters. */
  description: string;
  /** The length of a period: DAILY, WEEKLY or MONTHLY. At most 12 characters. */
  periodType: string;
  /** How many of those a period is, e.g. 1; a year is MONTHLY and 12. At most 12 characters. */
  periodInterval: string;
  /** How many periods follow the trial; absent: without end. At most 24 characters. */
  numberOfPeriod?: string | undefined;
  /** Decimal string; 0 is a free trial. At most 24 characters. */
  trialPeriodAmount?: string | undefined;
  /** Absent or 0: no trial. At most 12 characters. */
  numberOfTrialPeriod?: string | undefined;
  /** Of the trial: DAILY, WEEKLY or MONTHLY. At most 12 characters. */
  trialPeriodType?: string | undefined;
  /** At most 12 characters. */
  trialPeriodInterval?: string | undefined;
  scheduledAmounts?: ({
    /** Counted from 1, the trial included. At most 24 characters. */
    period: string;
    /** At most 24 characters. */
    amount: string;
  })[] | undefined;
  startDateTime?: string | undefined;
  /** When the last period is over. */
  endDateTime?: string | undefined;
  /** When a card is charged next. */
  nextPaymentDateTime?: string | undefined;
  currentPeriod?: string | undefined;
}

/** The `data` of a successful answer of `POST /api/v1/subscription/inquiry`. */
export interface SubscriptionRecord {
  subscriptionRequest: string;
  merchantSubscriptionId: string;
  subscriptionId: string;
  subscriptionStatus: 'AUTHORIZATION_REQUIRED' | 'IN_PROGRESS' | 'ACTIVE' | 'CLOSE' | 'MERCHANT_CANCELLED' | 'USER_CANCELLED' | 'CHANNEL_CANCELLED' | 'EXPIRED';
  /** A string that holds JSON: actionType and webUrl. */
  subscriptionAction?: string | undefined;
  currency: string;
  userCurrency: string;
  amount: string;
  productInfo: SubscriptionProductRecord;
  merchantInfo: MerchantInfo;
  userInfo: SubscriptionUserInfo;
  paymentInfo: SubscriptionPaymentInfo;
  goodsInfo?: GoodsInfo | undefined;
  addressInfo?: AddressInfo | undefined;
  requestedAt: string;
  updatedAt: string;
  /** A string that holds JSON: orderFailedCode and orderFailedDescription. */
  failedReason?: string | undefined;
  subscriptionManagementUrl?: string | undefined;
  extendInfo?: string | undefined;
  paymentDetails?: SubscriptionPaymentDetail[] | undefined;
}

/** The status of a subscription changed. */
export interface SubscriptionStatusNotification {
  eventType: 'SUBSCRIPTION_STATUS_NOTIFICATION';
  result: SubscriptionRecord;
}

/** The `data` of a successful answer of `POST /api/v1/subscription/update`. */
export interface SubscriptionUpdateData {
  subscriptionRequest: string;
  subscriptionId: string;
  previousAmount: string;
  newAmount: string;
  previousTrialPeriodAmount?: string | undefined;
  newTrialPeriodAmount?: string | undefined;
  previousScheduledAmounts: ({
    /** Counted from 1, the trial included. At most 24 characters. */
    period: string;
    /** At most 24 characters. */
    amount: string;
  })[];
  newScheduledAmounts: ({
    /** Counted from 1, the trial included. At most 24 characters. */
    period: string;
    /** At most 24 characters. */
    amount: string;
  })[];
  nextEffectivePeriod: string;
}

/** The request of `POST /api/v1/subscription/update`: Change the price of a subscription. Only of one that is `ACTIVE`. From `nextEffectivePeriod` on; the period that runs keeps its price, also when it is tried again. `scheduledAmounts` replaces the earlier list. */
export interface SubscriptionUpdateRequest {
  /** This or subscriptionId must be given. At most 32 characters. */
  subscriptionRequest?: string | undefined;
  /** At most 64 characters. */
  subscriptionId?: string | undefined;
  /** Of a period; unchanged when absent. At most 24 characters. */
  amount?: string | undefined;
  productInfo?: {
    /** At most 24 characters. */
    trialPeriodAmount?: string | undefined;
    scheduledAmounts?: ({
      /** Counted from 1, the trial included. At most 24 characters. */
      period: string;
      /** At most 24 characters. */
      amount: string;
    })[] | undefined;
  } | undefined;
  /** Refused: charge a top-up with `/order/create` and the token. */
  topupInfo?: unknown | undefined;
}

/** The subscriber. */
export interface SubscriptionUserInfo {
  /** At most 64 characters. */
  userId: string;
  /** At most 64 characters. */
  userEmail: string;
  /** At most 32 characters. */
  userTerminal?: string | undefined;
  /** At most 30 characters. */
  userPhone?: string | undefined;
  /** At most 64 characters. */
  userFirstName?: string | undefined;
  /** At most 64 characters. */
  userLastName?: string | undefined;
  /** At most 32 characters. */
  userCreatedAt?: string | undefined;
  /** At most 1024 characters. */
  userReceiptUrl?: string | undefined;
  /** Needed with cardInfo. At most 128 characters. */
  userBrowserIp?: string | undefined;
  /** Needed with cardInfo. At most 256 characters. */
  userAgent?: string | undefined;
}

/** A bare card; only PCI-certified merchants may send one. */
export interface TokenData {
  /** Card number, digits only. At most 1024 characters. */
  pan: string;
  /** MM/YYYY. At most 1024 characters. */
  expiry: string;
  /** Cardholder name, at most 128 characters. At most 1024 characters. */
  name?: string | undefined;
  /** Three or four digits; used for one verification and never stored. At most 1024 characters. */
  cvv?: string | undefined;
}

/** The `data` of a successful answer of `POST /api/v1/tokenization/generate`. */
export interface TokenGenerateData {
  tokenRequestId: string;
  /** Hand it to the browser SDK's tokenizationSubmit. */
  tokenSessionId?: string | undefined;
  merchantUserId: string;
  /** Present once the card is bound. */
  tokenId?: string | undefined;
}

/** The request of `POST /api/v1/tokenization/generate`: Open a card binding session. Answers a `tokenSessionId` for the browser SDK. A PCI-certified merchant may send the card itself in `tokenData` and gets `tokenId` at once. A repeat with the same `tokenRequestId` and content answers the present state. */
export interface TokenGenerateRequest {
  /** Binding request id; the idempotency key. At most 64 characters. */
  tokenRequestId: string;
  /** The merchant's id of the user. At most 64 characters. */
  merchantUserId: string;
  tokenType: 'CARD';
  merchantInfo: MerchantInfo;
  /** Receives TOKENIZATION_NOTIFICATION. At most 1024 characters. */
  notifyUrl?: string | undefined;
  tokenData?: TokenData | undefined;
  billingAddress?: BillingAddress | undefined;
  /** 3DS_FORCE, 3DS_ATTEMPT or NO_3DS; ours, and subject to risk control. At most 12 characters. */
  threeDsDecision?: string | undefined;
}

/** The request of `POST /api/v1/tokenization/inquiry`: List the tokens of a user. By `merchantUserId`, `tokenId` or `tokenRequestId`. Oldest first. Removed tokens are answered only to a lookup by `tokenId`, without card data. Nothing found is an empty list. */
export interface TokenInquiryRequest {
  merchantInfo: MerchantInfo;
  /** This, tokenId or tokenRequestId must be given. At most 64 characters. */
  merchantUserId?: string | undefined;
  /** At most 64 characters. */
  tokenId?: string | undefined;
  /** At most 64 characters. */
  tokenRequestId?: string | undefined;
  tokenType?: 'CARD' | '' | undefined;
}

/** A token as inquiry lists it: the nested shape and the guide's four flat members. */
export interface TokenItem {
  tokenRequestId: string;
  tokenId: string;
  tokenType: 'CARD';
  tokenStatus: 'UNVERIFIED' | 'VERIFIED' | 'SUSPENDED' | 'EXPIRED' | 'REMOVED';
  merchantUserId: string;
  /** Absent once the token is removed. */
  tokenData?: MaskedTokenData | undefined;
  billingAddress?: BillingAddress | undefined;
  merchantInfo: MerchantInfo;
  maskedPan?: string | undefined;
  cardBrand?: string | undefined;
  expiryMonth?: string | undefined;
  expiryYear?: string | undefined;
}

/** The request of `POST /api/v1/tokenization/remove`: Remove a token. Erases the card data and the fingerprint. Idempotent. A token that never existed is refused. */
export interface TokenRemoveRequest {
  merchantInfo: MerchantInfo;
  tokenType?: 'CARD' | undefined;
  /** Alone: removes all tokens of the user. At most 64 characters. */
  merchantUserId?: string | undefined;
  /** Removes this one token. At most 64 characters. */
  tokenId?: string | undefined;
}

/** A token was bound, changed or removed, or could not be bound: then it has no `tokenId`. */
export interface TokenizationNotification {
  eventType: 'TOKENIZATION_NOTIFICATION';
  result: TokenizationResult;
}

/** The token, as inquiry answers it, and why a binding failed. */
export interface TokenizationResult {
  tokenRequestId: string;
  tokenId?: string | undefined;
  tokenType: 'CARD';
  tokenStatus: 'UNVERIFIED' | 'VERIFIED' | 'SUSPENDED' | 'EXPIRED' | 'REMOVED' | 'FAILED';
  tokenData?: MaskedTokenData | undefined;
  merchantUserId: string;
  billingAddress?: BillingAddress | undefined;
  merchantInfo: MerchantInfo;
  /** A string that holds JSON: tokenFailedCode and tokenFailedDescription. */
  failedReason?: string | undefined;
}

/** The `data` of a successful answer of `POST /api/v1/tokenization/inquiry`. */
export type TokenizationInquiryData = TokenItem[];

/** The `data` of a successful answer of `POST /api/v1/tokenization/remove`. */
export type TokenizationRemoveData = null;

/** What arrives at a notify URL. */
export type Notification = TokenizationNotification | PaymentNotification | RefundNotification | SubscriptionStatusNotification | SubscriptionPeriodChangedNotification | SubscriptionChangeNotification;

/** Every code that a gateway sends. */
export type WireCode =
  /** Success. */
  | '0'
  /** Invalid API key. */
  | 'A0001'
  /** Invalid signature. */
  | 'A0002'
  /** Parameter validation failed. There is no such operation; every call is a POST to a path of the reference. The body is larger than 65,536 bytes. Content-Type must be application/json. */
  | 'A0003'
  /** Permission denied. */
  | 'A0004'
  /** Merchant limit exceeded. */
  | 'A0005'
  /** Merchant status abnormal. */
  | 'A0006'
  /** Currency not supported. */
  | 'A0007'
  /** Amount outside the allowed range. */
  | 'A0008'
  /** Order does not exist. */
  | 'A0009'
  /** The merchant contract does not allow this operation. */
  | 'A0010'
  /** This request id was used with other parameters. */
  | 'A0011'
  /** Merchant balance insufficient. */
  | 'A0012'
  /** The order is already paid and cannot be cancelled. */
  | 'A0013'
  /** The refund rules forbid this refund. */
  | 'A0014'
  /** The channel does not support cancellation. */
  | 'A0015'
  /** The channel rejected the cancellation. */
  | 'A0016'
  /** The channel does not support refunds. */
  | 'A0017'
  /** No payment method is available for this request. The payment is for other cards: this one begins with no cardPrefix. */
  | 'A0018'
  /** A chargeback dispute blocks the refund. */
  | 'A0019'
  /** Above the limit for a single transaction. */
  | 'A0020'
  /** Above the daily limit. */
  | 'A0021'
  /** Several products are contracted; name one in paymentInfo.productName. */
  | 'A0022'
  /** The token has expired; the order cannot be created. */
  | 'A0023'
  /** The exchange rate has expired. */
  | 'A0024'
  /** The cashier language is not supported. */
  | 'A0026'
  /** An order can be refunded at most 50 times. */
  | 'A0027'
  /** The card data are invalid. */
  | 'A0029'
  /** The card BIN was not found. */
  | 'A0030'
  /** The card scheme or type is not supported. */
  | 'A0031'
  /** The payment token data are invalid. */
  | 'A0032'
  /** Several methods have this name; name a country. */
  | 'A0033'
  /** orderExpiredAt is already past. */
  | 'A0034'
  /** The order does not support capture. */
  | 'A0035'
  /** The state of the order does not allow capture. */
  | 'A0036'
  /** The user payment token is invalid or expired. */
  | 'A0037'
  /** A merchant-initiated payment needs a verified user payment token. */
  | 'A0038'
  /** Already refunded by a chargeback-prevention service. */
  | 'A0039'
  /** The same request is being processed right now. */
  | 'A0040'
  /** A merchant-initiated payment is impossible: the status of tokenId is unverified. */
  | 'A0045'
  /** User status abnormal. */
  | 'B0001'
  /** User limit exceeded. */
  | 'B0002'
  /** User balance insufficient. */
  | 'B0003'
  /** The user did not pay in time. */
  | 'B0004'
  /** User authorisation failed. */
  | 'B0005'
  /** Phone number invalid. */
  | 'B0006'
  /** Email format invalid. */
  | 'B0007'
  /** System error. Too many requests; wait as Retry-After says. The system is temporarily unavailable. */
  | 'C0001'
  /** Merchant contract invalid. */
  | 'C0002'
  /** The state of the order is invalid; it cannot continue. */
  | 'C0003'
  /** Order information mismatch. */
  | 'C0004'
  /** The channel rejected the request. */
  | 'C0005'
  /** Channel error. */
  | 'C0006'
  /** The channel is under maintenance. */
  | 'C0007'
  /** Rejected by risk control. */
  | 'D0001'
  /** The outcome is not known yet; inquire, or wait for the notification. */
  | 'E0001';
