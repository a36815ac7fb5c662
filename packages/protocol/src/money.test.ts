import currencyCodes from 'currency-codes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import vectors from '../vectors/money.json' with { type: 'json' };
import { exponentOf, fromMinorUnits, MoneyError, precisions, toMinorUnits } from './money.ts';

interface Row {
  comment: string;
  amount: string;
  currency: string;
  crossCurrency?: boolean;
}
const valid: readonly (Row & { minorUnits: string })[] = vectors.valid;
const invalid: readonly (Row & { says: string })[] = vectors.invalid;
const contextOf = ({ crossCurrency = false }: Row) => ({ crossCurrency });

const currency = fc.constantFrom(...precisions.keys());

describe('an amount', () => {
  test.each(valid)('is read to the minor unit: $comment', (row) => {
    expect(toMinorUnits(row.amount, row.currency, contextOf(row))).toBe(BigInt(row.minorUnits));
    expect(fromMinorUnits(BigInt(row.minorUnits), row.currency, contextOf(row))).toBe(row.amount);
  });

  test.each(invalid)('is refused with the form that is expected: $comment', (row) => {
    const read = () => toMinorUnits(row.amount, row.currency, contextOf(row));
    expect(read).toThrow(MoneyError);
    expect(read).toThrow(row.says);
  });

  test('comes back from minor units as it was written, in every currency', () => {
    fc.assert(
      fc.property(currency, fc.boolean(), fc.bigInt(0n, 10n ** 15n - 1n), (code, crossCurrency, minorUnits) => {
        const amount = fromMinorUnits(minorUnits, code, { crossCurrency });
        const hasFraction = amount.includes('.');
        expect(toMinorUnits(amount, code, { crossCurrency: crossCurrency || hasFraction })).toBe(minorUnits);
      }),
    );
  });

  test('never loses a digit that a floating point number would lose', () => {
    expect(toMinorUnits('999999999999999.99', 'USD')).toBe(99999999999999999n);
    expect(fromMinorUnits(99999999999999999n, 'USD')).toBe('999999999999999.99');
  });

  test('of a special currency with a fraction is written with it rather than rounded', () => {
    expect(fromMinorUnits(5000050n, 'IDR')).toBe('50000.50');
  });

  test('below zero has no form on the wire', () => {
    expect(() => fromMinorUnits(-1n, 'HKD')).toThrow(MoneyError);
  });

  test('is never repeated in a message, for it may be a card number in the wrong place', () => {
    expect(() => toMinorUnits('4111111111111111', '4111111111111111')).toThrow(/^the currency is not supported$/);
    expect(() => toMinorUnits('4111111111111111', 'USD')).toThrow(/^USD needs exactly two decimals, e.g. 100.00$/);
  });
});

describe('a currency', () => {
  test('has the exponent of ISO 4217, and stablecoins have two', () => {
    const beyondIso = ['USDC', 'USDT'];
    for (const code of precisions.keys()) {
      const expected = beyondIso.includes(code) ? 2 : currencyCodes.code(code)?.digits;
      expect(`${code} ${exponentOf(code)}`).toBe(`${code} ${expected}`);
    }
  });

  test('is supported exactly when it is published', () => {
    expect(precisions.size).toBe(33);
    expect(exponentOf('CHF')).toBeUndefined();
    expect(exponentOf('hkd')).toBeUndefined();
    expect(exponentOf('constructor')).toBeUndefined();
    expect(exponentOf('')).toBeUndefined();
  });
});
