import { fromMinorUnits, toMinorUnits } from '@waffo/protocol/money';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withCredit } from './credit.ts';
import { amountOf, firstCharged, type Terms } from './terms.ts';

const read = (amount: string): bigint => toMinorUnits(amount, 'HKD', { crossCurrency: false });
const inHkd = { currency: 'HKD', crossCurrency: false } as const;
const monthly = { cycle: { type: 'MONTHLY', interval: 1 }, trial: undefined, periods: undefined } as const;
const terms: Terms = { plan: monthly, amount: '100.00', scheduled: { 2: '30.00' } };

test.each([
  ['nothing', 0n, ['100.00', '30.00', '100.00']],
  ['a part of the first period', 4000n, ['60.00', '30.00', '100.00']],
  ['exactly the first period', 10000n, ['0.00', '30.00', '100.00']],
  ['more than that', 14000n, ['0.00', '0.00', '90.00']],
])('a credit of %s leaves to pay what it does not cover', (_, credit, left) => {
  const after = withCredit(terms, credit, inHkd);
  expect([1, 2, 3].map((period) => amountOf(after, period))).toEqual(left);
});

test('what is charged next is the first period that costs something, behind all that the credit pays', () => {
  const after = withCredit(terms, 24000n, inHkd);
  expect([1, 2, 3, 4].map((period) => firstCharged(after, period))).toEqual([4, 4, 4, 4]);
  const short = { ...after, plan: { ...monthly, periods: 3 } };
  expect(firstCharged(short, 1)).toBeUndefined();
  const trial = {
    ...terms,
    trialAmount: '0',
    plan: { ...monthly, trial: { type: 'DAILY', interval: 3, periods: 2 } },
  } as const;
  expect([1, 2, 3].map((period) => firstCharged(trial, period))).toEqual([3, 3, 3]);
});

test('a currency without decimals has two where the shopper pays in another, as its prices are read', () => {
  const rupiah = { ...terms, amount: '80000.00', scheduled: {} };
  const { credited } = withCredit(rupiah, 2_000_000n, { currency: 'IDR', crossCurrency: true });
  expect(credited).toEqual({ 1: '60000.00' });
});

test('no cent of a credit is lost or made: what is paid and what it pays are the full price', () => {
  const minor = fc.bigInt({ min: 1n, max: 50_000n });
  fc.assert(
    fc.property(
      minor,
      minor,
      fc.bigInt({ min: 0n, max: 400_000n }),
      fc.integer({ min: 1, max: 24 }),
      (first, price, credit, periods) => {
        const agreed: Terms = {
          plan: { ...monthly, trial: { type: 'MONTHLY', interval: 1, periods: 1 }, periods },
          amount: fromMinorUnits(price, 'HKD'),
          trialAmount: fromMinorUnits(first, 'HKD'),
          scheduled: {},
        };
        const after = withCredit(agreed, credit, inHkd);
        const total = (of: Terms) =>
          Array.from({ length: periods + 1 }, (_, at) => read0(amountOf(of, at + 1))).reduce(
            (sum, each) => sum + each,
            0n,
          );
        const full = total(agreed);
        expect(full - total(after)).toBe(credit < full ? credit : full);
      },
    ),
  );
});

const read0 = (amount: string): bigint => (amount === '0.00' ? 0n : read(amount));
