/** `@waffo/waffo-node`: the public names. */
export { type FaultName, faults, type Retry, retryAdvice } from '@waffo/protocol/codes';
export type { ApiResponse, SuccessfulResponse } from './api-response.ts';
export { type ClientCode, type Code, WaffoError, type WaffoErrorDetails, WaffoUnknownStatusError } from './errors.ts';
export type * from './generated/types.ts';
export type { MerchantConfig, Orders, Params, PayMethodConfig, Refunds, Tokenization } from './resources.ts';
export type { Environment, WaffoOptions } from './settings.ts';
export { type SignedWebhook, signWebhookForTest } from './sign-webhook-for-test.ts';
export type { Subscriptions } from './subscriptions.ts';
export type { CallOptions } from './transport.ts';
export { Waffo } from './waffo.ts';
export type { AnyEvent, Freshness, Handler, Webhook, WebhookAnswer } from './webhook.ts';
