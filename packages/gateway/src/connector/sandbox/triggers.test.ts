import { passesLuhn, schemeOf } from '@waffo/protocol/card';
import { describe, expect, test } from 'vitest';
import { testCardOf, testCards, triggerAmounts, triggerOf } from './triggers.ts';

describe('a trigger amount', () => {
  test.each(triggerAmounts.flatMap(({ examples, effect }) => examples.map((amount) => ({ amount, effect }))))(
    '$amount is the same trigger in every spelling',
    ({ amount, effect }) => {
      for (const spelling of [amount, `${amount}${amount.includes('.') ? '0' : '.00'}`])
        expect(triggerOf(spelling)).toEqual(effect);
    },
  );

  test.each(['9991', '99991'])('%s goes on the published row 9.1, 91, 991 …', (amount) => {
    expect(triggerOf(amount)).toEqual({ fault: 'SYSTEM_ERROR' });
  });

  test.each(['100.00', '1991', '919', '99', '999', '9.3', '0.91', '910', '190.00', '1e2', ''])(
    '%s is an ordinary amount',
    (amount) => {
      expect(triggerOf(amount)).toBeUndefined();
    },
  );
});

describe('the published test cards', () => {
  test('are all there, with the scheme that their name says', () => {
    for (const { pan, payMethodName } of testCards)
      expect(payMethodName.endsWith(schemeOf(pan) ?? '?'), pan).toBe(true);
    expect(testCards.filter(({ pan }) => !passesLuhn(pan))).toHaveLength(13);
  });

  test('are told from a number that differs in one digit', () => {
    expect(testCardOf(Buffer.from('4576750000000110'))?.purchase).toBe('approved');
    expect(testCardOf(Buffer.from('4576750000000111'))).toBeUndefined();
  });
});
