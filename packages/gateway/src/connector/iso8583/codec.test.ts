import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bitmapOf, decode, encode, fieldsIn, IsoFormatError, messageOf, textOf } from './codec.ts';

const digitsOf = (min: number, max = min) =>
  fc.stringMatching(new RegExp(`^\\d{${min},${max}}$`)).filter((text) => text.length >= min && text.length <= max);

const anyMessage = fc
  .record({
    mti: fc.constantFrom('0100', '0110', '0200', '0210', '0400', '0410', '0800', '0810'),
    values: fc.record(
      {
        2: digitsOf(12, 19),
        3: digitsOf(6),
        4: digitsOf(12),
        11: digitsOf(6),
        37: fc.stringMatching(/^[A-Z0-9 ]{12}$/),
        41: fc.stringMatching(/^[!-~]{8}$/),
        54: fc.stringMatching(/^[A-Z0-9]{0,120}$/),
        70: digitsOf(3),
        90: digitsOf(42),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ mti, values }) => messageOf(mti, values as Record<number, string>));

/** What it throws, when it throws. */
const errorOf = (bytes: Buffer): unknown => {
  try {
    decode(bytes);
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('an ISO 8583:1987 message', () => {
  test.each([
    ['4210001102c04804', [2, 7, 12, 28, 32, 39, 41, 42, 50, 53, 62]],
    ['7234054128c28805', [2, 3, 4, 7, 11, 12, 14, 22, 24, 26, 32, 35, 37, 41, 42, 47, 49, 53, 62, 64]],
    ['c0000000000000010000000000000003', [1, 2, 64, 127, 128]],
  ])('reads and writes the published bitmap %s', (hex, fields) => {
    expect(fieldsIn(Buffer.from(hex, 'hex'))).toEqual(fields);
    expect(bitmapOf(fields.filter((field) => field !== 1)).toString('hex')).toBe(hex);
  });

  test('is written byte by byte as the standard lays it out', () => {
    const echo = messageOf('0800', { 7: '1123170000', 11: '000001', 70: '301' });
    const text = (ascii: string) => Buffer.from(ascii).toString('hex');
    expect(encode(echo).toString('hex')).toBe(
      `${text('0800')}82200000000000000400000000000000${text('1123170000000001301')}`,
    );
    const card = messageOf('0100', { 4: '000000010000', 2: '4111111111111111' });
    expect(encode(card).toString('hex')).toBe(
      `${text('0100')}5000000000000000${text('164111111111111111000000010000')}`,
    );
  });

  test('comes back from its bytes as it went in', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(decode(encode(message))).toEqual(message);
      }),
      { numRuns: 200 },
    );
  });

  test('that is cut short, has a byte too many or is noise throws the one typed error', () => {
    fc.assert(
      fc.property(anyMessage, fc.nat(), fc.uint8Array({ maxLength: 200 }), (message, cut, noise) => {
        const bytes = encode(message);
        expect(errorOf(bytes.subarray(0, cut % bytes.length))).toBeInstanceOf(IsoFormatError);
        expect(errorOf(Buffer.concat([bytes, Buffer.from('0')]))).toBeInstanceOf(IsoFormatError);
        expect([undefined, IsoFormatError]).toContain((errorOf(Buffer.from(noise)) as Error | undefined)?.constructor);
        const flipped = Buffer.from(bytes);
        flipped[cut % bytes.length] = (flipped[cut % bytes.length] ?? 0) ^ (noise[0] ?? 0x80);
        expect([undefined, IsoFormatError]).toContain((errorOf(flipped) as Error | undefined)?.constructor);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['of a wrong length', { 11: '12345' }],
    ['with a letter among digits', { 3: '00000A' }],
    ['that nobody speaks', { 35: '1' }],
    ['with a PAN of letters', { 2: '41111111111x1111' }],
    ['with a PAN that is too long', { 2: '41111111111111111111' }],
  ])('is not written with a field %s, and the error does not tell what was in it', (_, values) => {
    const message = messageOf('0100', values);
    expect(() => encode(message)).toThrow(IsoFormatError);
    expect(() => encode(message)).toThrow(/^field \d+ (is|has) [a-z ]+$/);
  });

  test('answers a field as text, and an absent one as undefined', () => {
    const message = messageOf('0810', { 39: '00' });
    expect([textOf(message, 39), textOf(message, 38)]).toEqual(['00', undefined]);
  });
});
