import { createECDH } from 'node:crypto';
import { expect, test } from 'vitest';
import { withNewKeyPair } from './key-pair.ts';

test('a private half is 32 bytes, also where its first are zero, and gives the public half that is told', () => {
  // So many, because the scalar of one in 256 begins with a zero byte.
  for (let i = 0; i < 3_000; i++) {
    withNewKeyPair(({ point, compressed, scalar }) => {
      expect(scalar).toHaveLength(32);
      const pair = createECDH('prime256v1');
      pair.setPrivateKey(scalar);
      expect(pair.getPublicKey()).toEqual(point);
      expect(pair.getPublicKey(null, 'compressed')).toEqual(compressed);
    });
  }
});

test('a private half is wiped when it was used, and when its use failed', () => {
  const seen: Buffer[] = [];
  const answer = withNewKeyPair(({ scalar }) => {
    seen.push(scalar);
    return scalar.some((byte) => byte !== 0);
  });
  expect(answer).toBe(true);
  expect(() =>
    withNewKeyPair(({ scalar }) => {
      seen.push(scalar);
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(seen).toEqual([Buffer.alloc(32), Buffer.alloc(32)]);
});

test('is another one each time', () => {
  const points = Array.from({ length: 20 }, () => withNewKeyPair(({ point }) => point.toString('hex')));
  expect(new Set(points).size).toBe(20);
});
