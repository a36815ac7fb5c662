/** The operations, grouped by the word in their URL. Members that you leave out are filled in; unknown ones pass through. */
import type { ApiResponse } from './api-response.ts';
import { type CallOptions, call } from './client.ts';
import type {
  OrderCreateData,
  OrderCreateRequest,
  OrderInquiryRequest,
  OrderRecord,
  TokenGenerateData,
  TokenGenerateRequest,
  TokenInquiryRequest,
  TokenItem,
  TokenRemoveRequest,
} from './generated/types.ts';
import type { Settings } from './settings.ts';

/** What this library fills in when it is absent. */
type Filled = 'merchantInfo' | 'orderRequestedAt';

/** Parameters of an operation: filled members are optional, members that this version does not know are sent as they are. */
export type Params<Request> = Omit<Request, Filled> &
  Partial<Pick<Request, Extract<keyof Request, Filled>>> & { readonly [extra: string]: unknown };

/** Card binding. */
export interface Tokenization {
  /**
   * Opens a binding session; hand `tokenSessionId` to the browser SDK.
   *
   * @param params.tokenRequestId - at most 64 characters; the idempotency key: store it before you call
   * @param params.merchantUserId - your id of the user, at most 64 characters
   * @example
   * const { tokenSessionId } = (await waffo.tokenization().generate({
   *   tokenRequestId: crypto.randomUUID(), merchantUserId: 'user_1', tokenType: 'CARD', notifyUrl,
   * })).unwrap();
   */
  generate(params: Params<TokenGenerateRequest>, options?: CallOptions): Promise<ApiResponse<TokenGenerateData>>;
  /** The tokens of a user, oldest first; or one, by `tokenId` or `tokenRequestId`. */
  inquiry(params: Params<TokenInquiryRequest>, options?: CallOptions): Promise<ApiResponse<TokenItem[]>>;
  /** Removes one token, or with only `merchantUserId` all of a user. Repeating it is harmless. */
  remove(params: Params<TokenRemoveRequest>, options?: CallOptions): Promise<ApiResponse<null>>;
}

/** Payments. */
export interface Orders {
  /**
   * Creates an order and charges the token it names.
   *
   * @param params.paymentRequestId - at most 32 characters; the idempotency key: store it before you call, and repeat it after a network failure
   * @param params.orderAmount - decimal string in major units with the currency's decimals, e.g. `100.00`
   */
  create(params: Params<OrderCreateRequest>, options?: CallOptions): Promise<ApiResponse<OrderCreateData>>;
  /** An order by `paymentRequestId` or `acquiringOrderId`. */
  inquiry(params: Params<OrderInquiryRequest>, options?: CallOptions): Promise<ApiResponse<OrderRecord>>;
}

/** @internal */
export const tokenizationOf = (settings: Settings): Tokenization => ({
  generate: (params, options) => call(settings, '/tokenization/generate', withMerchant(settings, params), options),
  inquiry: (params, options) => call(settings, '/tokenization/inquiry', withMerchant(settings, params), options),
  remove: (params, options) => call(settings, '/tokenization/remove', withMerchant(settings, params), options),
});

/** @internal */
export const ordersOf = (settings: Settings): Orders => ({
  create: (params, options) => {
    const request = { orderRequestedAt: new Date().toISOString(), ...withMerchant(settings, params) };
    return call(settings, '/order/create', request, options);
  },
  inquiry: (params, options) => call(settings, '/order/inquiry', params, options),
});

const withMerchant = (settings: Settings, params: { readonly merchantInfo?: unknown }): object => ({
  merchantInfo: { merchantId: settings.merchantId },
  ...params,
});
