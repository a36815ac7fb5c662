import { expect, test } from 'vitest';
import { decimalIn } from './challenge-markup.ts';

test.each([
  ['en', '100.00', 'HKD', 'HKD 100.00'],
  ['en', '999999999999999.99', 'USD', 'USD 999,999,999,999,999.99'],
  ['ja', '50000', 'JPY', 'JPY 50,000'],
  ['en', '50000', 'IDR', 'IDR 50,000'],
  ['en', '50000.00', 'IDR', 'IDR 50,000'],
  ['en', '50000.50', 'IDR', 'IDR 50,000.50'],
  ['zh-Hant', '1.00', 'USDT', 'USDT 1.00'],
])('%s shows %s %s as %s', (locale, amount, currency, shown) => {
  expect(decimalIn(locale, amount, currency).replaceAll('\u00a0', ' ')).toBe(shown);
});
