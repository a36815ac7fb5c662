/** The ways to pay that every acquirer of cards offers. */
import { schemes } from '@waffo/protocol/card';
import type { PayMethod } from './connector.ts';

/** Every scheme, as a credit and as a debit card. */
export const cardMethods: readonly PayMethod[] = Object.keys(schemes).flatMap((scheme) => [
  { payMethodType: 'CREDITCARD', payMethodName: `CC_${scheme}`, country: '' },
  { payMethodType: 'DEBITCARD', payMethodName: `DC_${scheme}`, country: '' },
]);
