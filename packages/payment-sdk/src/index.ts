/** The public names of `@waffo/payment-sdk`. */
export type { BillingAddress, SubmitInput, TokenData } from './card-input.ts';
export type { ErrorField, SubmitError, SubmitResult, SubmitSuccess } from './result.ts';
export type { WaffoEnvironment, WaffoSDKOptions } from './settings.ts';
export { WaffoSDK as default } from './waffo-sdk.ts';
