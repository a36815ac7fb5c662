// Made by `npm run generate` from packages/protocol. Do not edit.

export type AddressInfo = Record<string, unknown>;

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

export interface MaskedTokenData {
  /** First six, six stars, last four, e.g. 411111******1111. */
  maskedCardInfo: string;
  cardHolderName: string;
  /** MM/YYYY. */
  cardExpiry: string;
  /** Six digits. */
  cardBin: string;
  /** VISA, MASTERCARD, AMEX, JCB, UNIONPAY, DINERS, DISCOVER, ELO …. */
  cardScheme: string;
  /** CREDIT, DEBIT, PREPAID or empty. */
  cardType: string;
  cardIssuerName: string;
  cardIssueCountryCode: string;
}

export interface MerchantInfo {
  /** Must be the merchant that the API key belongs to. At most 64 characters. */
  merchantId: string;
  /** At most 64 characters. */
  subMerchantId?: string | undefined;
}

export interface OrderCreateData {
  paymentRequestId: string;
  merchantOrderId: string;
  acquiringOrderId: string;
  orderStatus: 'PAY_IN_PROGRESS' | 'AUTHORIZATION_REQUIRED' | 'AUTHED_WAITING_CAPTURE' | 'CAPTURE_IN_PROGRESS' | 'PAY_SUCCESS' | 'ORDER_CLOSE';
  /** A string that holds JSON: actionType and webUrl. */
  orderAction?: string | undefined;
}

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
  orderRequestedAt: string;
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
  /** Replaces the card number. At most 8192 characters. */
  tokenId?: string | undefined;
  paymentTokenData?: string | {
    /** At most 8192 characters. */
    tokenId?: string | undefined;
  } | undefined;
  extraParams?: {
    /** At most 8192 characters. */
    tokenId?: string | undefined;
  } | undefined;
}

export interface OrderInquiryRequest {
  /** This or acquiringOrderId must be given. At most 32 characters. */
  paymentRequestId?: string | undefined;
  /** At most 32 characters. */
  acquiringOrderId?: string | undefined;
}

export interface OrderPaymentInfo {
  /** ONE_TIME_PAYMENT, DIRECT_PAYMENT. At most 32 characters. */
  productName: string;
  /** May be a comma list, e.g. CREDITCARD,DEBITCARD. At most 256 characters. */
  payMethodType?: string | undefined;
  /** e.g. CC_VISA. At most 256 characters. */
  payMethodName?: string | undefined;
  /** A string that holds JSON. At most 1024 characters. */
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
  /** A string that holds JSON. At most 1024 characters. */
  cashierAppearance?: string | undefined;
  /** At most 3 characters. */
  payMethodCountry?: string | undefined;
  /** manualCapture. At most 24 characters. */
  captureMode?: string | undefined;
  /** scheduled or unscheduled. At most 24 characters. */
  merchantInitiatedMode?: string | undefined;
}

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
  userInfo: OrderUserInfo;
  goodsInfo?: GoodsInfo | undefined;
  addressInfo?: AddressInfo | undefined;
  paymentInfo: OrderPaymentInfo;
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

export interface PaymentNotification {
  eventType: 'PAYMENT_NOTIFICATION';
  result: OrderRecord;
}

export interface TokenData {
  /** Card number, digits only. At most 32 characters. */
  pan: string;
  /** MM/YYYY. At most 7 characters. */
  expiry: string;
  /** Cardholder name. At most 128 characters. */
  name?: string | undefined;
  /** Three or four digits; used for one verification and never stored. At most 4 characters. */
  cvv?: string | undefined;
}

export interface TokenGenerateData {
  tokenRequestId: string;
  /** Hand it to the browser SDK's tokenizationSubmit. */
  tokenSessionId?: string | undefined;
  merchantUserId: string;
  /** Present once the card is bound. */
  tokenId?: string | undefined;
}

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
}

export interface TokenInquiryRequest {
  merchantInfo: MerchantInfo;
  /** This, tokenId or tokenRequestId must be given. At most 64 characters. */
  merchantUserId?: string | undefined;
  /** At most 64 characters. */
  tokenId?: string | undefined;
  /** At most 64 characters. */
  tokenRequestId?: string | undefined;
  tokenType?: 'CARD' | undefined;
}

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

export interface TokenRemoveRequest {
  merchantInfo: MerchantInfo;
  tokenType?: 'CARD' | undefined;
  /** Alone: removes all tokens of the user. At most 64 characters. */
  merchantUserId?: string | undefined;
  /** Removes this one token. At most 64 characters. */
  tokenId?: string | undefined;
}

export interface TokenSubmitData {
  tokenRequestId: string;
  /** Send the shopper here for 3-D Secure. */
  validateUrl?: string | undefined;
}

export interface TokenSubmitRequest {
  /** At most 128 characters. */
  tokenSessionId: string;
  /** JWE compact serialisation, ECDH-ES + A256GCM, of the 256-byte card record. At most 4096 characters. */
  encryptedCard: string;
  billingAddress?: BillingAddress | undefined;
  /** Where a 3DS page sends the shopper back to; its origin must be registered. At most 1024 characters. */
  returnUrl?: string | undefined;
}

export interface TokenizationNotification {
  eventType: 'TOKENIZATION_NOTIFICATION';
  result: TokenizationResult;
}

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

/** The request of `/tokenization/generate`: Open a card binding session. */
export type TokenizationGenerateRequest = TokenGenerateRequest;

/** The `data` of a successful answer of `/tokenization/generate`. */
export type TokenizationGenerateData = TokenGenerateData;

/** The request of `/tokenization/submit`: Submit an encrypted card from the browser. */
export type TokenizationSubmitRequest = TokenSubmitRequest;

/** The `data` of a successful answer of `/tokenization/submit`. */
export type TokenizationSubmitData = TokenSubmitData;

/** The request of `/tokenization/inquiry`: List the tokens of a user. */
export type TokenizationInquiryRequest = TokenInquiryRequest;

/** The `data` of a successful answer of `/tokenization/inquiry`. */
export type TokenizationInquiryData = TokenItem[];

/** The request of `/tokenization/remove`: Remove a token. */
export type TokenizationRemoveRequest = TokenRemoveRequest;

/** The `data` of a successful answer of `/tokenization/remove`. */
export type TokenizationRemoveData = null;

/** The `data` of a successful answer of `/order/inquiry`. */
export type OrderInquiryData = OrderRecord;

/** What arrives at a notify URL. */
export type Notification = TokenizationNotification | PaymentNotification;

/** Every code that a gateway sends; `0` is success. */
export type WireCode = '0' | 'A0001' | 'A0002' | 'A0003' | 'A0004' | 'A0005' | 'A0006' | 'A0007' | 'A0008' | 'A0009' | 'A0010' | 'A0011' | 'A0012' | 'A0013' | 'A0014' | 'A0015' | 'A0016' | 'A0017' | 'A0018' | 'A0019' | 'A0020' | 'A0021' | 'A0022' | 'A0023' | 'A0024' | 'A0026' | 'A0027' | 'A0029' | 'A0030' | 'A0031' | 'A0032' | 'A0033' | 'A0034' | 'A0035' | 'A0036' | 'A0037' | 'A0038' | 'A0039' | 'A0040' | 'A0045' | 'B0001' | 'B0002' | 'B0003' | 'B0004' | 'B0005' | 'B0006' | 'B0007' | 'C0001' | 'C0002' | 'C0003' | 'C0004' | 'C0005' | 'C0006' | 'C0007' | 'D0001' | 'E0001';
