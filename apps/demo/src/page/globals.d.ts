/** What `waffo-payment-sdk.js` sets. */
declare const WaffoSDK: typeof import('@waffo/payment-sdk').default;
