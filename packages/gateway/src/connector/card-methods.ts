/** The ways to pay that every acquirer of cards offers, and those that only the sandbox plays. */
import { schemes } from '@waffo/protocol/card';
import type { PayMethod } from './connector.ts';

/** Every scheme, as a credit and as a debit card. */
export const cardMethods: readonly PayMethod[] = Object.keys(schemes).flatMap((scheme) => [
  { payMethodType: 'CREDITCARD', payMethodName: `CC_${scheme}`, country: '' },
  { payMethodType: 'DEBITCARD', payMethodName: `DC_${scheme}`, country: '' },
]);

/** Wallets and banks whose pages the sandbox has two buttons for (contract sections 13 and 20). */
export const playedMethods: readonly PayMethod[] = [
  ...['DANA', 'GCASH', 'LINKAJA', 'OVO', 'GRABPAY'].map((payMethodName) => ({
    payMethodType: 'EWALLET',
    payMethodName,
  })),
  ...['BCA', 'BNI', 'BRI', 'MANDIRI'].map((payMethodName) => ({ payMethodType: 'VA', payMethodName })),
  { payMethodType: 'APPLEPAY', payMethodName: 'APPLEPAY' },
  { payMethodType: 'GOOGLEPAY', payMethodName: 'GOOGLEPAY' },
].map((method) => ({ ...method, country: '' }));
