/** The operations, grouped by the word in their URL. Members that you leave out are filled in; unknown ones pass through. */
import type { ApiResponse } from './api-response.ts';
import { type Call, call } from './client.ts';
import type {
  MerchantConfigData,
  MerchantInfo,
  OrderCancelData,
  OrderCancelRequest,
  OrderCaptureData,
  OrderCaptureRequest,
  OrderCreateData,
  OrderCreateRequest,
  OrderInquiryRequest,
  OrderRecord,
  OrderRefundData,
  OrderRefundRequest,
  PayMethodConfigData,
  RefundInquiryRequest,
  RefundRecord,
  TokenGenerateData,
  TokenGenerateRequest,
  TokenInquiryRequest,
  TokenItem,
  TokenRemoveRequest,
} from './generated/types.ts';
import type { Settings } from './settings.ts';
import type { CallOptions } from './transport.ts';

/** What this library fills in when it is absent. */
interface Filled {
  /** `merchantId` is filled in. */
  readonly merchantInfo?: Partial<MerchantInfo> | undefined;
  /** Filled in. */
  readonly merchantId?: string | undefined;
  /** ISO 8601, UTC; now, unless given. */
  readonly orderRequestedAt?: string | undefined;
  /** The same. */
  readonly requestedAt?: string | undefined;
  /** The same. */
  readonly captureRequestedAt?: string | undefined;
}

/** What you pass: filled members are optional, and members that this version does not know are sent as they are. */
export type Params<Request> = Omit<Request, keyof Filled> &
  Pick<Filled, Extract<keyof Request, keyof Filled>> & { readonly [extra: string]: unknown };

/** Card binding. */
export interface Tokenization {
  /**
   * Opens a binding session; hand `tokenSessionId` to the browser SDK. The token arrives by webhook, or by inquiry.
   *
   * @param params.tokenRequestId - at most 64 characters; the idempotency key: store it before you call. A repeat with the
   *   same content answers the present state
   * @param params.merchantUserId - your id of the user, at most 64 characters
   * @param params.notifyUrl - receives TOKENIZATION_NOTIFICATION; https outside the sandbox
   * @param params.tokenData - a bare card, of PCI-certified merchants only (A0004 for others): then `tokenId` is answered
   * @example
   * const tokenRequestId = crypto.randomUUID();
   * await store(tokenRequestId);
   * const response = await waffo.tokenization().generate({
   *   tokenRequestId,
   *   merchantUserId: 'user_1',
   *   tokenType: 'CARD',
   *   notifyUrl: 'https://shop.example/webhook',
   * });
   * const { tokenSessionId } = response.unwrap();
   */
  generate(params: Params<TokenGenerateRequest>, options?: CallOptions): Promise<ApiResponse<TokenGenerateData>>;
  /**
   * The tokens of a user, oldest first; or one, by `tokenId` or `tokenRequestId`. Nothing found is an empty list.
   *
   * @example
   * const tokens = (await waffo.tokenization().inquiry({ merchantUserId: 'user_1' })).unwrap();
   * for (const { tokenId, tokenData } of tokens) console.log(tokenId, tokenData?.maskedCardInfo);
   */
  inquiry(params: Params<TokenInquiryRequest>, options?: CallOptions): Promise<ApiResponse<TokenItem[]>>;
  /**
   * Removes one token, or with only `merchantUserId` all of a user. Repeating it is harmless; a token that never existed
   * is refused (A0037).
   *
   * @example (await waffo.tokenization().remove({ tokenId: 'tok_…' })).unwrap();
   */
  remove(params: Params<TokenRemoveRequest>, options?: CallOptions): Promise<ApiResponse<null>>;
}

/** Payments. */
export interface Orders {
  /**
   * Creates an order and charges the card it names.
   *
   * @param params.paymentRequestId - at most 32 characters; the idempotency key: store it before you call, and use it again
   *   when you do not know what became of the call. A repeat with the same content charges nothing
   * @param params.orderAmount - decimal string in major units with the decimals of the currency: `100.00` HKD, `100` JPY
   * @param params.tokenId - the card to charge
   * @example
   * const paymentRequestId = crypto.randomUUID().replaceAll('-', '');
   * await store(paymentRequestId);
   * const response = await waffo.order().create({
   *   paymentRequestId,
   *   merchantOrderId: 'order_1',
   *   orderCurrency: 'HKD',
   *   orderAmount: '100.00',
   *   orderDescription: 'Three teapots',
   *   notifyUrl: 'https://shop.example/webhook',
   *   tokenId: 'tok_…',
   *   userInfo: { userId: 'user_1', userEmail: 'ada@example.com', userTerminal: 'WEB' },
   *   paymentInfo: { productName: 'ONE_TIME_PAYMENT' },
   * });
   * const { orderStatus } = response.unwrap(); // PAY_SUCCESS, ORDER_CLOSE, or one that is not final yet
   */
  create(params: Params<OrderCreateRequest>, options?: CallOptions): Promise<ApiResponse<OrderCreateData>>;
  /**
   * An order by `paymentRequestId` or `acquiringOrderId`. One that is not known is refused (A0009).
   *
   * @example const { orderStatus } = (await waffo.order().inquiry({ paymentRequestId })).unwrap();
   */
  inquiry(params: Params<OrderInquiryRequest>, options?: CallOptions): Promise<ApiResponse<OrderRecord>>;
  /**
   * Closes an order that is not paid; an authorisation is given back. A paid one is refused (A0013): refund it. Repeating
   * it is harmless.
   *
   * @example (await waffo.order().cancel({ paymentRequestId })).unwrap(); // { orderStatus: 'ORDER_CLOSE', … }
   */
  cancel(params: Params<OrderCancelRequest>, options?: CallOptions): Promise<ApiResponse<OrderCancelData>>;
  /**
   * Takes what was authorised with `captureMode: 'manualCapture'`, once. Less than the order's amount releases the rest.
   * `PAY_SUCCESS` follows by webhook.
   *
   * @param params.captureAmount - decimal string, at most `orderAmount`
   * @example (await waffo.order().capture({ paymentRequestId, captureAmount: '80.00' })).unwrap();
   */
  capture(params: Params<OrderCaptureRequest>, options?: CallOptions): Promise<ApiResponse<OrderCaptureData>>;
  /**
   * Pays back a paid order, in parts when you like: at most 50, within the refund period.
   *
   * @param params.refundRequestId - at most 32 characters; the idempotency key: store it before you call. A repeat with
   *   the same content refunds nothing
   * @param params.acquiringOrderId - of the order; `paymentRequestId` is not accepted
   * @param params.refundAmount - decimal string in the order's currency
   * @example
   * const { refundStatus, remainingRefundAmount } = (
   *   await waffo.order().refund({ refundRequestId, acquiringOrderId, refundAmount: '20.00', refundReason: 'Broken spout' })
   * ).unwrap();
   */
  refund(params: Params<OrderRefundRequest>, options?: CallOptions): Promise<ApiResponse<OrderRefundData>>;
}

/** Refunds. */
export interface Refunds {
  /**
   * A refund by `refundRequestId` or `acquiringRefundOrderId`. One that is not known is refused (A0009).
   *
   * @example const { refundStatus } = (await waffo.refund().inquiry({ refundRequestId })).unwrap();
   */
  inquiry(params: Params<RefundInquiryRequest>, options?: CallOptions): Promise<ApiResponse<RefundRecord>>;
}

/** The limits of your contract. */
export interface MerchantConfig {
  /**
   * Daily and single-order limits, by currency; a member is absent when there is no limit.
   *
   * @example const { remainingDailyLimit } = (await waffo.merchantConfig().inquiry()).unwrap();
   */
  inquiry(params?: { readonly merchantId?: string }, options?: CallOptions): Promise<ApiResponse<MerchantConfigData>>;
}

/** The payment methods of your contract. */
export interface PayMethodConfig {
  /**
   * Every method that the contract covers, and whether it is available now.
   *
   * @example
   * const { payMethodDetails } = (await waffo.payMethodConfig().inquiry()).unwrap();
   * const names = payMethodDetails.filter(({ currentStatus }) => currentStatus === '1').map((row) => row.payMethodName);
   */
  inquiry(params?: { readonly merchantId?: string }, options?: CallOptions): Promise<ApiResponse<PayMethodConfigData>>;
}

/** Reading and removing may be repeated by anybody at any time. */
const calls = {
  generate: { path: '/tokenization/generate', doubt: 'inquire-first' },
  inquireTokens: { path: '/tokenization/inquiry', doubt: 'same-request' },
  remove: { path: '/tokenization/remove', doubt: 'same-request' },
  create: { path: '/order/create', doubt: 'inquire-first' },
  inquireOrder: { path: '/order/inquiry', doubt: 'same-request' },
  cancel: { path: '/order/cancel', doubt: 'inquire-first' },
  capture: { path: '/order/capture', doubt: 'inquire-first' },
  refund: { path: '/order/refund', doubt: 'inquire-first' },
  inquireRefund: { path: '/refund/inquiry', doubt: 'same-request' },
  merchantConfig: { path: '/merchantconfig/inquiry', doubt: 'same-request' },
  payMethodConfig: { path: '/paymethodconfig/inquiry', doubt: 'same-request' },
} as const satisfies Record<string, Call>;

/** @internal */
export const tokenizationOf = (settings: Settings): Tokenization => ({
  generate: (params, options) => call(settings, calls.generate, withMerchant(settings, params), options),
  inquiry: (params, options) => call(settings, calls.inquireTokens, withMerchant(settings, params), options),
  remove: (params, options) => call(settings, calls.remove, withMerchant(settings, params), options),
});

/** @internal */
export const ordersOf = (settings: Settings): Orders => ({
  create: (params, options) => {
    const orderRequestedAt = params.orderRequestedAt ?? new Date().toISOString();
    return call(settings, calls.create, { ...withMerchant(settings, params), orderRequestedAt }, options);
  },
  inquiry: (params, options) => call(settings, calls.inquireOrder, params, options),
  cancel: (params, options) => call(settings, calls.cancel, stamped(settings, 'orderRequestedAt', params), options),
  capture: (params, options) => call(settings, calls.capture, stamped(settings, 'captureRequestedAt', params), options),
  refund: (params, options) => call(settings, calls.refund, stamped(settings, 'requestedAt', params), options),
});

/** @internal */
export const refundsOf = (settings: Settings): Refunds => ({
  inquiry: (params, options) => call(settings, calls.inquireRefund, params, options),
});

/** @internal */
export const merchantConfigOf = (settings: Settings): MerchantConfig => ({
  inquiry: (params = {}, options) =>
    call(settings, calls.merchantConfig, { merchantId: settings.merchantId, ...params }, options),
});

/** @internal */
export const payMethodConfigOf = (settings: Settings): PayMethodConfig => ({
  inquiry: (params = {}, options) =>
    call(settings, calls.payMethodConfig, { merchantId: settings.merchantId, ...params }, options),
});

/** Requests of orders name the merchant at their top, and the moment under a name of their own. @internal */
export function stamped(
  { merchantId }: Settings,
  time: 'orderRequestedAt' | 'requestedAt' | 'captureRequestedAt',
  params: Partial<Pick<Filled, 'merchantId' | typeof time>>,
): object {
  return {
    ...params,
    merchantId: params.merchantId ?? merchantId,
    [time]: params[time] ?? new Date().toISOString(),
  };
}

/** @internal */
export function withMerchant({ merchantId }: Settings, params: Pick<Filled, 'merchantInfo'>): object {
  const { merchantInfo } = params;
  return { ...params, merchantInfo: { ...merchantInfo, merchantId: merchantInfo?.merchantId ?? merchantId } };
}
