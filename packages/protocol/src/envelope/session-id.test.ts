import { createECDH } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import vectors from '../../vectors/envelope.json' with { type: 'json' };
import { EnvelopeError } from './error.ts';
import { pointOf, sessionIdOf } from './session-id.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('a session id', () => {
  test.each(vectors.sessionIds.valid)('is its public key: $comment', ({ sessionId, point }) => {
    expect(hex(pointOf(sessionId))).toBe(point);
  });

  test.each(vectors.sessionIds.invalid)(
    'that is no point of the curve, or not spelt in the one way, is refused: $comment',
    ({ sessionId }) => {
      expect(() => pointOf(sessionId)).toThrow(EnvelopeError);
    },
  );

  test('gives back the point that OpenSSL made, for either root', () => {
    const ecdh = createECDH('prime256v1');
    for (let round = 0; round < 50; round++) {
      ecdh.generateKeys();
      const sessionId = sessionIdOf(ecdh.getPublicKey(null, 'compressed'));
      expect(sessionId).toMatch(/^tsess_[A-Za-z0-9_-]{44}$/);
      expect(hex(pointOf(sessionId))).toBe(ecdh.getPublicKey('hex', 'uncompressed'));
    }
  });

  test('is not made of an uncompressed point by mistake', () => {
    expect(() => sessionIdOf(new Uint8Array(65))).toThrow(EnvelopeError);
  });
});
