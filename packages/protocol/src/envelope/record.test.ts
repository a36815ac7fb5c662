import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import vectors from '../../vectors/envelope.json' with { type: 'json' };
import { EnvelopeError } from './error.ts';
import { type CardInput, decodeRecord, encodeRecord, recordBytes } from './record.ts';

const fromHex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const ascii = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('latin1');

describe('a record', () => {
  test.each(vectors.records.valid)('is these very bytes in every language: $comment', ({ card, record }) => {
    expect(toHex(encodeRecord(card))).toBe(record);
    expect(readBack(fromHex(record))).toEqual({ cvv: '', name: '', ...card });
  });

  test.each(vectors.records.invalid)('does not decode: $comment', ({ record }) => {
    expect(() => decodeRecord(fromHex(record))).toThrow(EnvelopeError);
  });

  test.each(vectors.cards.invalid)('is not made of a card that does not fit: $comment', ({ card, says }) => {
    expect(() => encodeRecord(card)).toThrow(EnvelopeError);
    expect(() => encodeRecord(card)).toThrow(new RegExp(`^${says}: `));
  });

  test('keeps a byte order mark in a name, so that two names never become one', () => {
    const record = encodeRecord({ pan: '4111111111111111', expiry: '12/2028', name: '\ufeffA' });
    expect(decodeRecord(record).name).toBe('\ufeffA');
  });

  test('is not made of half a surrogate pair, which UTF-8 cannot carry (nor can a vector file)', () => {
    const card = { pan: '4111111111111111', expiry: '12/2028', name: 'A\ud800' };
    expect(() => encodeRecord(card)).toThrow(/^name: /);
  });

  test('holds any card, and always in 256 bytes', () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        const record = encodeRecord(card);
        expect(record).toHaveLength(recordBytes);
        expect(readBack(record)).toEqual(card);
      }),
    );
  });

  test('has one encoding only: bytes that decode are the bytes that encoding gives', () => {
    fc.assert(
      fc.property(anyCard, fc.nat(recordBytes - 1), fc.nat(255), (card, at, byte) => {
        const record = encodeRecord(card);
        record[at] = byte;
        const decoded = attempt(() => readBack(record));
        if (decoded instanceof Error) expect(decoded).toBeInstanceOf(EnvelopeError);
        else expect(toHex(encodeRecord(decoded))).toBe(toHex(record));
      }),
      { numRuns: 2000 },
    );
  });

  test('lends its digits as views, so wiping the record wipes the card', () => {
    const record = encodeRecord({ pan: '4111111111111111', expiry: '12/2028', cvv: '123' });
    const { pan, cvv } = decodeRecord(record);
    record.fill(0);
    expect([...pan, ...(cvv ?? [])].every((byte) => byte === 0)).toBe(true);
  });
});

const digits = (min: number, max: number) => fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`));
const nameThatFits = fc
  .string({ unit: 'grapheme', maxLength: 80 })
  .filter((name) => Buffer.byteLength(name) <= 226 && !/\p{Cc}/u.test(name));
const anyCard = fc.record({
  pan: digits(12, 19),
  expiry: fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 2000, max: 2099 }))
    .map(([month, year]) => `${String(month).padStart(2, '0')}/${year}`),
  cvv: fc.oneof(fc.constant(''), digits(3, 4)),
  name: nameThatFits,
});

function attempt<T>(act: () => T): T | Error {
  try {
    return act();
  } catch (error) {
    return error as Error;
  }
}

function readBack(record: Uint8Array): CardInput {
  const { pan, expiryMonth, expiryYear, cvv, name } = decodeRecord(record);
  const expiry = `${String(expiryMonth).padStart(2, '0')}/${expiryYear}`;
  return { pan: ascii(pan), expiry, cvv: ascii(cvv), name };
}
