import { checkPrimeSync, generateKeyPairSync, generatePrimeSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { weaknessOf } from './key-strength.ts';

const prime = (bits = 1024): bigint => generatePrimeSync(bits, { bigint: true });

function nextPrime(after: bigint): bigint {
  let candidate = after + 2n;
  while (!checkPrimeSync(candidate)) candidate += 2n;
  return candidate;
}

/** A modulus as the broken generator makes them: a power of 65537 modulo every small prime. */
function rocaLike(): bigint {
  let product = 1n;
  for (let p = 3n; p <= 167n; p += 2n) if (checkPrimeSync(p)) product *= p;
  let power = 1n;
  for (let i = 0; i < 1_000; i++) power = (power * 65_537n) % product;
  for (let k = (1n << 2047n) / product; ; k++) {
    const modulus = product * k + power;
    if (modulus % 2n === 1n && !weaknessOf(modulus, [])?.includes('small factor')) return modulus;
  }
}

describe('a modulus', () => {
  const shared = prime();
  const p = prime();

  test.each<[string, () => bigint, readonly bigint[], string]>([
    ['with a factor of 7', () => 7n * prime(2045), [], 'small factor'],
    ['with a factor of 9,973', () => 9_973n * prime(2035), [], 'small factor'],
    ['that is even', () => 2n * prime(2047), [], 'small factor'],
    ['of two neighbours', () => p * nextPrime(p), [], 'too close'],
    ['that is a square', () => p * p, [], 'too close'],
    ["with the pattern of the chips' generator", rocaLike, [], 'CVE-2017-15361'],
    ["with a prime of somebody else's", () => shared * p, [prime() * prime(), shared * prime()], 'shares a prime'],
  ])('%s is found', (_what, modulus, others, says) => {
    expect(weaknessOf(modulus(), others)).toContain(says);
  });

  test('of an honest generator is not, among others of its kind', () => {
    const honest = () => {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      return BigInt(`0x${Buffer.from(publicKey.export({ format: 'jwk' }).n ?? '', 'base64url').toString('hex')}`);
    };
    const [one, ...others] = Array.from({ length: 6 }, honest) as [bigint, ...bigint[]];
    expect(weaknessOf(one, others)).toBeUndefined();
  });
});
