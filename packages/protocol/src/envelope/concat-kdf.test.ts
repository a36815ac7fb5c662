import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { concatKdfInput } from './concat-kdf.ts';

test('derives the key of RFC 7518 appendix C, so every other JWE implementation derives ours', () => {
  const secret = [158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156];
  secret.push(251, 49, 110, 163, 218, 128, 106, 72, 246, 218, 167, 121, 140, 254, 144, 196);
  const text = (value: string) => new TextEncoder().encode(value);
  const input = concatKdfInput(Uint8Array.from(secret), 'A128GCM', 128, text('Alice'), text('Bob'));
  const digest = createHash('sha256').update(input).digest();
  expect(digest.subarray(0, 16).toString('base64url')).toBe('VqqN6vgjbSBcIijNcacQGg');
});
