/** Subscriptions: what a shopper pays again and again. */
import type { ApiResponse } from './api-response.ts';
import { type Call, call } from './client.ts';
import type {
  SubscriptionCancelData,
  SubscriptionCancelRequest,
  SubscriptionChangeData,
  SubscriptionChangeInquiryRequest,
  SubscriptionChangeRecord,
  SubscriptionChangeRequest,
  SubscriptionCreateData,
  SubscriptionCreateRequest,
  SubscriptionInquiryRequest,
  SubscriptionManageData,
  SubscriptionManageRequest,
  SubscriptionRecord,
  SubscriptionUpdateData,
  SubscriptionUpdateRequest,
} from './generated/types.ts';
import { type Params, stamped, withMerchant } from './resources.ts';
import type { Settings } from './settings.ts';
import type { CallOptions } from './transport.ts';

/** Subscriptions. */
export interface Subscriptions {
  /**
   * Subscribes a shopper and charges the first period; the gateway charges each later one when it begins.
   *
   * @param params.subscriptionRequest - at most 32 characters; the idempotency key: store it before you call, and use it
   *   again when you do not know what became of the call. A repeat with the same content charges nothing
   * @param params.amount - of a period: decimal string in major units with the decimals of the currency
   * @param params.productInfo - `periodType` is DAILY, WEEKLY or MONTHLY; a year is MONTHLY with a `periodInterval` of 12
   * @example
   * const subscriptionRequest = crypto.randomUUID().replaceAll('-', '');
   * await store(subscriptionRequest);
   * const response = await waffo.subscription().create({
   *   subscriptionRequest,
   *   merchantSubscriptionId: 'PLAN_TEA',
   *   currency: 'HKD',
   *   amount: '100.00',
   *   tokenId: 'tok_…',
   *   notifyUrl: 'https://shop.example/webhook',
   *   userInfo: { userId: 'user_1', userEmail: 'ada@example.com' },
   *   productInfo: { description: 'Tea of the month', periodType: 'MONTHLY', periodInterval: '1' },
   *   paymentInfo: { productName: 'SUBSCRIPTION', payMethodType: 'CREDITCARD,DEBITCARD' },
   * });
   * const { subscriptionId, subscriptionStatus } = response.unwrap(); // ACTIVE, CLOSE, or one that is not final yet
   */
  create(
    params: Params<SubscriptionCreateRequest>,
    options?: CallOptions,
  ): Promise<ApiResponse<SubscriptionCreateData>>;
  /**
   * A subscription by `subscriptionRequest` or `subscriptionId`; with `paymentDetails: 1` also its payments. One that is not
   * known is refused (A0009).
   *
   * @example
   * const { productInfo } = (await waffo.subscription().inquiry({ subscriptionId })).unwrap();
   * console.log(productInfo.nextPaymentDateTime);
   */
  inquiry(params: Params<SubscriptionInquiryRequest>, options?: CallOptions): Promise<ApiResponse<SubscriptionRecord>>;
  /**
   * Ends an ACTIVE subscription at once: nothing more is charged. Repeating it is harmless.
   *
   * @example (await waffo.subscription().cancel({ subscriptionId })).unwrap(); // { orderStatus: 'MERCHANT_CANCELLED', … }
   */
  cancel(
    params: Params<SubscriptionCancelRequest>,
    options?: CallOptions,
  ): Promise<ApiResponse<SubscriptionCancelData>>;
  /**
   * Changes what an ACTIVE subscription costs, from `nextEffectivePeriod` on. `scheduledAmounts` replaces the earlier list.
   *
   * @example
   * const { nextEffectivePeriod } = (await waffo.subscription().update({ subscriptionId, amount: '120.00' })).unwrap();
   */
  update(
    params: Params<SubscriptionUpdateRequest>,
    options?: CallOptions,
  ): Promise<ApiResponse<SubscriptionUpdateData>>;
  /**
   * A link to the page where the shopper sees an ACTIVE subscription, changes its card and ends it; good until `expiredAt`, a
   * day later. Whoever has it may do so: show it to him only.
   *
   * @example
   * const { managementUrl } = (await waffo.subscription().manage({ subscriptionId })).unwrap();
   */
  manage(
    params: Params<SubscriptionManageRequest>,
    options?: CallOptions,
  ): Promise<ApiResponse<SubscriptionManageData>>;
  /**
   * Replaces an ACTIVE subscription by another one. The same card pays the first period, less `remainingAmount`; when that is
   * done the old one ends. Until then, and when it comes to nothing, the old one stays.
   *
   * @param params.subscriptionRequest - of the new one, at most 32 characters: store it before you call
   * @param params.remainingAmount - what is left of the old one: decimal string in major units, `0` when nothing is
   * @param params.productInfoList - one product, with the `amount` of a period
   * @example
   * const changed = await waffo.subscription().change({
   *   originSubscriptionRequest,
   *   subscriptionRequest,
   *   remainingAmount: '40.00',
   *   currency: 'HKD',
   *   notifyUrl: 'https://shop.example/webhook',
   *   userInfo: { userId: 'user_1', userEmail: 'ada@example.com' },
   *   productInfoList: [{ description: 'Two teas', periodType: 'MONTHLY', periodInterval: '1', amount: '180.00' }],
   *   paymentInfo: { productName: 'SUBSCRIPTION' },
   * });
   * const { subscriptionChangeStatus } = changed.unwrap(); // SUCCESS, CLOSED, or one that is not final yet
   */
  change(
    params: Params<SubscriptionChangeRequest>,
    options?: CallOptions,
  ): Promise<ApiResponse<SubscriptionChangeData>>;
  /**
   * How a change stands, by both ids that it was made with.
   *
   * @example
   * const ids = { originSubscriptionRequest, subscriptionRequest };
   * (await waffo.subscription().changeInquiry(ids)).unwrap().subscriptionChangeStatus;
   */
  changeInquiry(
    params: Params<SubscriptionChangeInquiryRequest>,
    options?: CallOptions,
  ): Promise<ApiResponse<SubscriptionChangeRecord>>;
}

const calls = {
  create: { path: '/subscription/create', doubt: 'inquire-first' },
  inquiry: { path: '/subscription/inquiry', doubt: 'same-request' },
  cancel: { path: '/subscription/cancel', doubt: 'inquire-first' },
  update: { path: '/subscription/update', doubt: 'same-request' },
  manage: { path: '/subscription/manage', doubt: 'same-request' },
  change: { path: '/subscription/change', doubt: 'inquire-first' },
  changeInquiry: { path: '/subscription/change/inquiry', doubt: 'same-request' },
} as const satisfies Record<string, Call>;

/** @internal */
export const subscriptionsOf = (settings: Settings): Subscriptions => ({
  create: (params, options) => {
    const requestedAt = params.requestedAt ?? new Date().toISOString();
    return call(settings, calls.create, { ...withMerchant(settings, params), requestedAt }, options);
  },
  inquiry: (params, options) => call(settings, calls.inquiry, params, options),
  cancel: (params, options) => call(settings, calls.cancel, stamped(settings, 'requestedAt', params), options),
  update: (params, options) => call(settings, calls.update, params, options),
  manage: (params, options) => call(settings, calls.manage, params, options),
  change: (params, options) => {
    const requestedAt = params.requestedAt ?? new Date().toISOString();
    return call(settings, calls.change, { ...withMerchant(settings, params), requestedAt }, options);
  },
  changeInquiry: (params, options) => call(settings, calls.changeInquiry, params, options),
});
