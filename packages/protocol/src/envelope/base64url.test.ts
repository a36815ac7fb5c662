import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBase64Url, toBase64Url } from './base64url.ts';

describe('base64url', () => {
  test('is what Buffer writes, and reads back to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = toBase64Url(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect(fromBase64Url(text)).toEqual(bytes);
      }),
    );
  });

  test.each(['A', '__5', 'AA=', 'AA==', 'A+', 'A/', 'AA\n', ' AA', 'AAAAA', 'Ａ'])(
    'has one spelling: %j is none',
    (text) => {
      expect(fromBase64Url(text)).toBeUndefined();
    },
  );
});
