import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import vectors from '../vectors/signature.json' with { type: 'json' };
import wycheproof from '../vectors/signature-wycheproof.json' with { type: 'json' };
import {
  apiKeyHeader,
  checkMerchantKey,
  exportPrivateKey,
  exportPublicKey,
  parsePrivateKey,
  parsePublicKey,
  SignatureKeyError,
  sign,
  signatureHeader,
  verify,
} from './signature.ts';

const privateKey = parsePrivateKey(vectors.privateKey);
const publicKey = parsePublicKey(vectors.publicKey);
const utf8 = (text: string) => new TextEncoder().encode(text);

describe('a signature', () => {
  test.each(vectors.valid)('is byte for byte what other clients make: $comment', async ({ body, signature }) => {
    expect(await sign(utf8(body), privateKey)).toBe(signature);
    expect(verify(utf8(body), signature, publicKey)).toBe(true);
  });

  test.each(vectors.invalid)('is refused: $comment', ({ body, signature }) => {
    expect(verify(utf8(body), signature, publicKey)).toBe(false);
  });

  test.each(wycheproof.groups)('cannot be forged in any of the ways that Project Wycheproof collected', (group) => {
    const key = parsePublicKey(group.publicKey);
    const wrong = group.tests.filter(({ message, signature, result }) => {
      const accepted = verify(Buffer.from(message, 'hex'), signature, key);
      return accepted !== (result === 'valid');
    });
    expect(wrong).toEqual([]);
  });

  test('of any body verifies, and no longer does when any one bit of the body or the signature flips', async () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(bytes, fc.nat(), fc.nat(256 * 8 - 1), async (body, bodyBit, signatureBit) => {
        const signature = await sign(body, privateKey);
        expect(verify(body, signature, publicKey)).toBe(true);
        expect(verify(flipped(body, bodyBit % (body.length * 8)), signature, publicKey)).toBe(false);
        const other = Buffer.from(flipped(Buffer.from(signature, 'base64'), signatureBit)).toString('base64');
        expect(verify(body, other, publicKey)).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  test('by our key verifies with WebCrypto, and the other way round', async () => {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    const { subtle } = globalThis.crypto;
    const pkcs8 = Buffer.from(vectors.privateKey, 'base64');
    const spki = Buffer.from(vectors.publicKey, 'base64');
    const body = utf8('{"orderDescription":"测试订单 🧾","orderAmount":"100.00"}');
    const theirs = await subtle.sign(
      algorithm,
      await subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']),
      body,
    );
    expect(verify(body, Buffer.from(theirs).toString('base64'), publicKey)).toBe(true);
    const ours = Buffer.from(await sign(body, privateKey), 'base64');
    const theirKey = await subtle.importKey('spki', spki, algorithm, false, ['verify']);
    expect(await subtle.verify(algorithm, theirKey, ours, body)).toBe(true);
  });

  test('travels in the headers that the contract names', () => {
    expect([signatureHeader, apiKeyHeader]).toEqual(['X-SIGNATURE', 'X-API-KEY']);
  });

  test('of another length than the modulus is none, though its number is the same', () => {
    const { body = '', signature = '' } = vectors.valid[0] ?? {};
    const bytes = Buffer.from(signature, 'base64');
    for (const other of [Buffer.concat([Buffer.of(0), bytes]), bytes.subarray(1), Buffer.alloc(0), Buffer.alloc(256)]) {
      expect(verify(utf8(body), other.toString('base64'), publicKey)).toBe(false);
    }
  });

  test('cannot be made or checked with a key of another kind', () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(verify(utf8('{}'), vectors.valid[0]?.signature ?? '', ec.publicKey)).toBe(false);
    expect(() => parsePrivateKey(exportPrivateKey(ec.privateKey))).toThrow(SignatureKeyError);
  });
});

describe('a key', () => {
  const pem = (key: KeyObject, type: 'pkcs1' | 'pkcs8') => key.export({ format: 'pem', type }).toString();
  const pkcs1 = privateKey.export({ format: 'der', type: 'pkcs1' }).toString('base64');

  test.each([
    ['base64 of PKCS#8, one line', vectors.privateKey],
    ['base64 of PKCS#8, wrapped', vectors.privateKey.replace(/(.{64})/g, '$1\r\n')],
    ['base64 of PKCS#1', pkcs1],
    ['PEM of PKCS#8', pem(privateKey, 'pkcs8')],
    ['PEM of PKCS#1', pem(privateKey, 'pkcs1')],
  ])('is read in every form that clients keep it in: %s', (_form, text) => {
    expect(exportPrivateKey(parsePrivateKey(text))).toBe(vectors.privateKey);
    expect(exportPublicKey(createPublicKey(parsePrivateKey(text)))).toBe(vectors.publicKey);
  });

  test('has a public half of 392 characters in one line', () => {
    expect(exportPublicKey(privateKey)).toBe(vectors.publicKey);
    expect(exportPublicKey(publicKey)).toMatch(/^[A-Za-z0-9+/=]{392}$/);
  });

  test.each(['', 'NOT_A_KEY', '!!!', vectors.publicKey, vectors.privateKey.slice(0, 600), 'A'.repeat(100_000)])(
    'that is no private key is refused without repeating it',
    (text) => {
      expect(() => parsePrivateKey(text)).toThrow(SignatureKeyError);
      expect(() => parsePrivateKey(text)).toThrow(/^the private key must be an RSA key as base64 of PKCS#8 DER/);
    },
  );

  test('that is locked by a passphrase is refused, not asked for on the terminal', () => {
    const options = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'secret' } as const;
    expect(() => parsePrivateKey(privateKey.export(options).toString())).toThrow(/unencrypted PEM/);
  });

  test.each(['ENCRYPTED PRIVATE KEY', 'EC PRIVATE KEY', 'PRIVATE KEY X', 'PUBLIC KEY', 'X PRIVATE KEY', 'CERTIFICATE'])(
    'that is labelled %s is not read as a private one, whatever it holds',
    (label) => {
      const text = `-----BEGIN ${label}-----\n${vectors.privateKey}\n-----END ${label}-----\n`;
      expect(() => parsePrivateKey(text)).toThrow(SignatureKeyError);
    },
  );

  test.each(['RSA PUBLIC KEY', 'PUBLIC KEYS', 'MY PUBLIC KEY', 'PRIVATE KEY', 'CERTIFICATE'])(
    'that is labelled %s is not read as a public one, whatever it holds',
    (label) => {
      const text = `-----BEGIN ${label}-----\n${vectors.publicKey}\n-----END ${label}-----\n`;
      expect(() => parsePublicKey(text)).toThrow(/base64 of SubjectPublicKeyInfo DER or as PEM/);
    },
  );

  test('in PEM may stand between white space and nothing else', () => {
    const text = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    expect(exportPublicKey(parsePublicKey(`\n \t${text}\r\n\n`))).toBe(vectors.publicKey);
    for (const wrong of [`x${text}`, `${text}x`, `# my key\n${text}`, text + text, text.replace('END', 'FIN')]) {
      expect(() => parsePublicKey(wrong)).toThrow(SignatureKeyError);
    }
  });

  test('is read up to 8,192 characters, and what is longer is not looked at', () => {
    expect(exportPrivateKey(parsePrivateKey(vectors.privateKey.padEnd(8_192)))).toBe(vectors.privateKey);
    expect(() => parsePrivateKey(vectors.privateKey.padEnd(8_193))).toThrow(SignatureKeyError);
  });

  test('that is refused has an error by which it can be told', () => {
    expect(new SignatureKeyError('x')).toMatchObject({ name: 'SignatureKeyError', message: 'x' });
  });

  test('that is private is not taken for a public one', () => {
    expect(() => parsePublicKey(vectors.privateKey)).toThrow(/this is a private key/);
    expect(() => parsePublicKey(pem(privateKey, 'pkcs8'))).toThrow(/this is a private key/);
  });

  test.each(vectors.merchantKeys.valid)('of a merchant is registered: $comment', ({ key }) => {
    expect(checkMerchantKey(key).type).toBe('public');
  });

  test('of a merchant that is private is refused with the advice to replace the pair', () => {
    for (const text of [vectors.privateKey, pkcs1, pem(privateKey, 'pkcs8')]) {
      expect(() => checkMerchantKey(text)).toThrow(/register the public key, and replace this pair/);
    }
  });

  test.each(vectors.merchantKeys.invalid)('of a merchant is refused: $comment', ({ key, says }) => {
    expect(() => checkMerchantKey(key)).toThrow(SignatureKeyError);
    expect(() => checkMerchantKey(key)).toThrow(says);
  });
});

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = bit >> 3;
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
