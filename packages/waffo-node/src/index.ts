/** `@waffo/waffo-node`: the public names. */
export { ApiResponse } from './api-response.ts';
export type { CallOptions } from './client.ts';
export { type ClientCode, WaffoError, type WaffoErrorDetails, WaffoUnknownStatusError } from './errors.ts';
export type * from './generated/types.ts';
export type { Orders, Params, Tokenization } from './resources.ts';
export type { WaffoOptions } from './settings.ts';
export { Waffo } from './waffo.ts';
export { type Handler, Webhook, type WebhookAnswer } from './webhook.ts';
