/** The ways to pay that every acquirer of cards offers, and those that only the sandbox plays. */
import { schemes } from '@waffo/protocol/card';
import type { PayMethod } from './connector.ts';

/** Every scheme, as a credit and as a debit card. */
export const cardMethods: readonly PayMethod[] = Object.keys(schemes).flatMap((scheme) => [
  { payMethodType: 'CREDITCARD', payMethodName: `CC_${scheme}`, country: '' },
  { payMethodType: 'DEBITCARD', payMethodName: `DC_${scheme}`, country: '' },
]);

/** Wallets and banks whose pages the sandbox has two buttons for (contract sections 13 and 20); no country: of several. */
export const playedMethods: readonly PayMethod[] = [
  { payMethodType: 'EWALLET', payMethodName: 'DANA', country: 'IDN', refundedOnce: true },
  ...['LINKAJA', 'OVO', 'QRIS'].map((payMethodName) => ({ payMethodType: 'EWALLET', payMethodName, country: 'IDN' })),
  { payMethodType: 'EWALLET', payMethodName: 'GCASH', country: 'PHL' },
  ...['GRABPAY', 'MERCADOPAGO'].map((payMethodName) => ({ payMethodType: 'EWALLET', payMethodName, country: '' })),
  { payMethodType: 'ONLINE_BANKING', payMethodName: 'PROMPTPAY', country: 'THA' },
  ...['BCA', 'BNI', 'BRI', 'MANDIRI'].map((payMethodName) => ({
    payMethodType: 'VA',
    payMethodName,
    country: 'IDN',
  })),
  { payMethodType: 'APPLEPAY', payMethodName: 'APPLEPAY', country: '' },
  { payMethodType: 'GOOGLEPAY', payMethodName: 'GOOGLEPAY', country: '' },
];
