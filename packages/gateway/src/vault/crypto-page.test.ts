import { expect, test } from 'vitest';
import { cryptoPage, uses } from '../../generate/crypto.ts';
import { type KeyPurpose, keyPurposes, noticeMs, sealsPerKey } from './keyring.ts';
import type { Binding } from './seal.ts';

test('the inventory has a row for every purpose, and the figures of the code', () => {
  // A purpose that is new in the code and has no row does not compile.
  const held: Record<KeyPurpose | Binding['purpose'] | 'kek', object> = uses;
  expect(Object.keys(held)).toEqual(expect.arrayContaining([...keyPurposes]));
  expect(sealsPerKey).toBe(2 ** 30);
  expect(cryptoPage()).toContain('after 2^30 seals');
  expect(cryptoPage()).toContain(`within ${noticeMs / 1_000} s`);
});
