import { describe, expect, test } from 'vitest';

// By address, for the page's modules are JavaScript as browsers load them.
const rules = await import(new URL('./card-rules.js', import.meta.url).href);

describe('a card number', () => {
  test.each([
    ['4111111111111111', '4111 1111 1111 1111', 'Visa'],
    ['4111-1111', '4111 1111', 'Visa'],
    ['378282246310005', '3782 822463 10005', 'American Express'],
    ['2226900000000110', '2226 9000 0000 0110', 'Mastercard'],
    ['3528000000000214', '3528 0000 0000 0214', 'JCB'],
    ['3088850000000116', '3088 8500 0000 0116', 'JCB'],
    ['6200000000000000003', '6200 0000 0000 0000 003', 'UnionPay'],
    ['9999', '9999', ''],
    ['', '', ''],
  ])('%s is written as %s, of %j', (typed, written, scheme) => {
    expect(rules.formatNumber(typed)).toBe(written);
    expect(rules.schemeLabelOf(typed)).toBe(scheme);
  });

  test('is asked for again while it cannot be whole', () => {
    expect(rules.mistakes.pan('4111 1111 111')).not.toBe('');
    expect(rules.mistakes.pan('4111 1111 1111')).toBe('');
  });
});

describe('an expiry date', () => {
  test.each([
    ['1', '1', undefined],
    ['9', '09', undefined],
    ['123', '12 / 3', undefined],
    ['1230', '12 / 30', '12/2030'],
    ['12/30', '12 / 30', '12/2030'],
    ['9/30', '09 / 30', '09/2030'],
    ['12/2030', '12 / 2030', '12/2030'],
    ['1330', '13 / 30', undefined],
  ])('%s is written as %s and sent as %s', (typed, written, wire) => {
    expect(rules.formatExpiry(typed)).toBe(written);
    expect(rules.expiryOnWire(written)).toBe(wire);
    expect(rules.formatExpiry(written)).toBe(written);
  });
});
