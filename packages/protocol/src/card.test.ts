import cardValidator from 'card-validator';
import creditCardType from 'credit-card-type';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import vectors from '../vectors/card.json' with { type: 'json' };
import { cleanPan, isExpired, maskPan, parseExpiry, passesLuhn, type Scheme, schemeOf, schemes } from './card.ts';

/**
 * Theirs, then ours. RuPay and the old JCB and Diners ranges of 3088 to 3349 are not in their table; the schemes in small
 * letters are not in ours, so their numbers fall to the scheme around them, or to none.
 */
const knownDifferences = [
  'DISCOVER is RUPAY',
  'MAESTRO is RUPAY',
  'hiper is MAESTRO',
  'naranja is MAESTRO',
  'naranja is MASTERCARD',
  'naranja is VISA',
  'troy is DISCOVER',
  'troy is ELO',
  'troy is undefined',
  'undefined is DINERS',
  'undefined is JCB',
  'verve is MAESTRO',
];

const bytes = (digits: string) => new TextEncoder().encode(digits);
const digits = (min: number, max: number) => fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`));

describe('the scheme', () => {
  test.each(vectors.schemes)('is known by the first digits: $comment', (row) => {
    expect(schemeOf(row.digits) ?? null).toBe(row.scheme);
    expect(schemeOf(bytes(row.digits)) ?? null).toBe(row.scheme);
  });

  test('is the one that credit-card-type finds, at and beside every end of every range of both tables', () => {
    const differing = new Set<string>();
    for (const start of rangeEnds()) {
      const [ours, theirs] = [schemeOf(start), theirScheme(start)];
      if (ours !== theirs) differing.add(`${theirs} is ${ours}`);
    }
    expect([...differing].sort()).toEqual(knownDifferences);
  });

  test('of a longer prefix wins, however little of the number has been typed', () => {
    const typed = ['6', '65', '650', '6500', '65003', '650031'];
    expect(typed.map(schemeOf)).toEqual(['MAESTRO', 'DISCOVER', 'DISCOVER', 'DISCOVER', 'DISCOVER', 'ELO']);
  });

  test.each(Object.entries(schemes))(
    '%s has a table row that can match: no empty or crossed range',
    (_scheme, rule) => {
      for (const range of rule.prefixes) {
        const [from, to] = typeof range === 'number' ? [range, range] : range;
        expect(from).toBeLessThanOrEqual(to);
        expect(String(from).length).toBe(String(to).length);
        expect(String(from).length).toBeLessThanOrEqual(6);
      }
    },
  );

  test.each(Object.keys(schemes) as Scheme[])(
    '%s has the lengths and the code length that card-validator knows',
    (scheme) => {
      const theirs = creditCardType.getTypeInfo(theirNames[scheme] ?? '');
      if (theirs === null) return expect(scheme).toBe('RUPAY');
      expect(schemes[scheme].lengths).toEqual(theirs.lengths);
      expect(schemes[scheme].cvvLength).toBe(theirs.code.size);
    },
  );
});

describe('the check digit', () => {
  test.each(vectors.luhn.valid)('passes: $comment', (row) => {
    expect(passesLuhn(row.digits)).toBe(true);
    expect(passesLuhn(bytes(row.digits))).toBe(true);
  });

  test.each(vectors.luhn.invalid)('fails: $comment', (row) => {
    expect(passesLuhn(row.digits)).toBe(false);
    expect(passesLuhn(bytes(row.digits))).toBe(false);
  });

  test('agrees with card-validator about Visa numbers', () => {
    fc.assert(
      fc.property(digits(15, 15), (rest) => {
        expect(passesLuhn(`4${rest}`)).toBe(cardValidator.number(`4${rest}`).isValid);
      }),
      { numRuns: 500 },
    );
  });

  test('finds every single wrong digit', () => {
    fc.assert(
      fc.property(digits(11, 18), fc.nat(), fc.integer({ min: 1, max: 9 }), (start, position, shift) => {
        const pan = withCheckDigit(start);
        const at = position % pan.length;
        const wrong = `${pan.slice(0, at)}${(Number(pan[at]) + shift) % 10}${pan.slice(at + 1)}`;
        expect([passesLuhn(pan), passesLuhn(wrong)]).toEqual([true, false]);
      }),
    );
  });
});

describe('the expiry', () => {
  test.each(vectors.expiry.valid)('is read: $comment', (row) => {
    expect(parseExpiry(row.text)).toEqual({ month: row.month, year: row.year });
  });

  test.each(vectors.expiry.invalid)('is refused: $comment', (row) => {
    expect(parseExpiry(row.text)).toBeUndefined();
  });

  test.each(vectors.expired)('ends with its month, UTC: $comment', (row) => {
    expect(isExpired(parseExpiry(row.expiry) ?? expect.fail(), new Date(row.at))).toBe(row.expired);
  });
});

describe('a card number that is shown', () => {
  test.each(vectors.masked)('keeps six and four digits at most: $comment', (row) => {
    expect(maskPan(row.digits)).toBe(row.masked);
    expect(maskPan(bytes(row.digits))).toBe(row.masked);
  });

  test('never shows more than ten digits, and never one of the middle', () => {
    fc.assert(
      fc.property(digits(0, 30), (pan) => {
        const masked = maskPan(pan);
        expect(masked).toHaveLength(pan.length);
        expect(masked.replaceAll('*', '').length).toBeLessThanOrEqual(10);
        expect(masked.slice(6, -4)).toMatch(/^\**$/);
      }),
    );
  });

  test('does not repeat what is no digit', () => {
    expect(maskPan('<script>alert(1)</script>')).toMatch(/^[\d*]+$/);
  });
});

describe('a card number as people write it', () => {
  test.each(vectors.written)('is cleaned: $comment', (row) => {
    expect(cleanPan(row.input)).toBe(row.digits);
  });
});

/** Our names for the types of credit-card-type; RuPay is not among them. */
const theirNames: Partial<Record<Scheme, string>> = {
  VISA: 'visa',
  MASTERCARD: 'mastercard',
  AMEX: 'american-express',
  JCB: 'jcb',
  UNIONPAY: 'unionpay',
  DINERS: 'diners-club',
  DISCOVER: 'discover',
  ELO: 'elo',
  MAESTRO: 'maestro',
  MIR: 'mir',
  HIPERCARD: 'hipercard',
};

/** Wherever either table may change its mind: between two such numbers both are constant. */
function rangeEnds(): Set<string> {
  const ends = new Set<string>();
  const theirs = Object.values(creditCardType.types).map((type) => creditCardType.getTypeInfo(type).patterns);
  for (const range of [...Object.values(schemes).map((rule) => rule.prefixes), ...theirs].flat()) {
    const [from = 0, to = 0] = typeof range === 'number' ? [range, range] : range;
    const scale = 10 ** (8 - String(from).length);
    for (const number of [from * scale - 1, from * scale, (to + 1) * scale - 1, (to + 1) * scale]) {
      if (number >= 10_000_000 && number <= 99_999_999) ends.add(`${number}00000000`);
    }
  }
  return ends;
}

function theirScheme(pan: string): string | undefined {
  const types = creditCardType(pan);
  const type = types.length === 1 ? types[0]?.type : undefined;
  return Object.entries(theirNames).find(([, name]) => name === type)?.[0] ?? type;
}

function withCheckDigit(start: string): string {
  for (let digit = 0; digit < 10; digit++) if (passesLuhn(`${start}${digit}`)) return `${start}${digit}`;
  return expect.fail('some digit must fit');
}
