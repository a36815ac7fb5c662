import { createECDH } from 'node:crypto';
import fc from 'fast-check';
import { CompactEncrypt, compactDecrypt, importJWK, type JWK } from 'jose';
import { describe, expect, test } from 'vitest';
import vectors from '../../vectors/envelope.json' with { type: 'json' };
import { EnvelopeError } from './error.ts';
import { open } from './open.ts';
import { encodeRecord } from './record.ts';
import { seal } from './seal.ts';
import { pointOf, sessionIdOf } from './session-id.ts';

const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const { sessionId } = vectors.session;
const privateKey = Buffer.from(vectors.session.privateKey, 'hex');
const card = { pan: '4111111111111111', expiry: '12/2028', cvv: '123', name: 'TEST USER' };
const openTest = (jwe: string) => open(jwe, sessionId, privateKey);

describe('an envelope', () => {
  test.each(vectors.envelopes.valid)('opens to the record in every language: $comment', ({ jwe, record }) => {
    expect(toHex(openTest(jwe))).toBe(record);
  });

  test.each(vectors.envelopes.invalid)('does not open, and does not say why: $comment', ({ jwe }) => {
    expect(refusal(() => openTest(jwe))).toEqual({ name: 'EnvelopeError', message: new EnvelopeError().message });
  });

  test('that our browser sealed, jose opens', async () => {
    const jwe = await seal(sessionId, card);
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, await importJWK(jwk('private'), 'ECDH-ES'));
    expect(toHex(plaintext)).toBe(toHex(encodeRecord(card)));
    expect(Object.keys(protectedHeader)).toEqual(['alg', 'enc', 'epk', 'kid']);
    expect(Object.keys(protectedHeader.epk as object)).toEqual(['kty', 'crv', 'x', 'y']);
  });

  test('that jose sealed, we open', async () => {
    const jwe = await new CompactEncrypt(encodeRecord(card))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: sessionId })
      .encrypt(await importJWK(jwk('public'), 'ECDH-ES'));
    expect(toHex(openTest(jwe))).toBe(toHex(encodeRecord(card)));
  });

  test('opens to the card that was sealed, for any session', async () => {
    const pan = fc.stringMatching(/^[0-9]{12,19}$/);
    await fc.assert(
      fc.asyncProperty(pan, fc.string({ maxLength: 40, unit: 'grapheme-ascii' }), async (number, name) => {
        const session = newSession();
        const jwe = await seal(session.sessionId, { pan: number, expiry: '01/2030', name });
        const record = open(jwe, session.sessionId, session.privateKey);
        expect(toHex(record)).toBe(toHex(encodeRecord({ pan: number, expiry: '01/2030', name })));
      }),
      { numRuns: 30 },
    );
  });

  test('does not open once any one of its characters is another', async () => {
    const jwe = await seal(sessionId, card);
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ';
    for (let at = 0; at < jwe.length; at++) {
      const letter = letters[(letters.indexOf(jwe[at] ?? '') + 1 + (at % (letters.length - 1))) % letters.length];
      expect(() => openTest(jwe.slice(0, at) + letter + jwe.slice(at + 1))).toThrow(EnvelopeError);
    }
  });

  test('does not open cut short or drawn out, at any length', async () => {
    const jwe = await seal(sessionId, card);
    for (let length = 0; length < jwe.length; length++) {
      expect(() => openTest(jwe.slice(0, length))).toThrow(EnvelopeError);
    }
    for (const more of ['A', '.', '=', '\n', jwe]) expect(() => openTest(jwe + more)).toThrow(EnvelopeError);
  });

  test('moved to another session does not open, whichever key and name are tried', async () => {
    const other = newSession();
    const jwe = await seal(sessionId, card);
    expect(() => open(jwe, other.sessionId, other.privateKey)).toThrow(EnvelopeError);
    expect(() => open(jwe, other.sessionId, privateKey)).toThrow(EnvelopeError);
    expect(() => open(jwe, sessionId, other.privateKey)).toThrow(EnvelopeError);
  });

  test('does not open with a key that is no scalar of the curve', () => {
    const jwe = vectors.envelopes.valid[0]?.jwe ?? '';
    for (const key of [
      new Uint8Array(0),
      new Uint8Array(32),
      new Uint8Array(32).fill(255),
      new Uint8Array(33).fill(1),
    ]) {
      expect(() => open(jwe, sessionId, key)).toThrow(EnvelopeError);
    }
  });

  test('leaves the session key as it was, for the next try of the same session', () => {
    const key = Uint8Array.from(privateKey);
    openTest(vectors.envelopes.valid[0]?.jwe ?? '');
    expect(toHex(key)).toBe(vectors.session.privateKey);
  });
});

function newSession() {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  return { sessionId: sessionIdOf(ecdh.getPublicKey(null, 'compressed')), privateKey: ecdh.getPrivateKey() };
}

function jwk(half: 'public' | 'private'): JWK {
  const point = Buffer.from(pointOf(sessionId));
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'));
  const key = { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' };
  return half === 'public' ? key : { ...key, d: privateKey.toString('base64url') };
}

function refusal(attempt: () => unknown) {
  try {
    attempt();
  } catch (error) {
    return { name: (error as Error).name, message: (error as Error).message };
  }
  return undefined;
}
