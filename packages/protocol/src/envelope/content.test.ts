import { createCipheriv, createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, encode, evenY, generator, multiply, n, type Point, p } from '../../../../test/kit/p256.ts';
import { concatKdfInput } from './concat-kdf.ts';
import { contentKey, decrypt } from './content.ts';
import { EnvelopeError } from './error.ts';
import { open } from './open.ts';
import { pointOf, sessionIdOf } from './session-id.ts';

const fromHex = (text: string) => Buffer.from(text, 'hex');
const fromBase64Url = (text: string) => Buffer.from(text, 'base64url');

/** RFC 7518 appendix C. */
const alice = {
  x: 'gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0',
  y: 'SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps',
  d: '0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo',
};
const bob = {
  x: 'weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ',
  y: 'e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck',
  d: 'VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw',
};
const pointBytes = ({ x, y }: { x: string; y: string }) =>
  Buffer.concat([Buffer.of(4), fromBase64Url(x), fromBase64Url(y)]);

const keyFrom = (secret: Uint8Array) =>
  createHash('sha256')
    .update(concatKdfInput(secret, 'A256GCM', 256))
    .digest('hex');

const onCurve = (x: bigint): Point[] => {
  const y = evenY(x);
  return y === undefined
    ? []
    : [
        [x, y],
        [x, p - y],
      ];
};
/** The least and the greatest coordinates, one byte after another that is zero, and what is near the generator. */
const edgePoints: Point[] = [
  generator,
  [generator[0], p - generator[1]],
  multiply(generator, 2n),
  multiply(generator, n - 2n),
  ...[0n, 1n, 2n, 3n, 4n, 5n, 6n, p - 1n, p - 2n, p - 3n, p - 4n].flatMap(onCurve),
  ...Array.from({ length: 32 }, (_, at) => onCurve(1n << BigInt(8 * at)).slice(0, 1)).flat(),
];
const edgeScalars = [
  1n,
  2n,
  3n,
  4n,
  n - 1n,
  n - 2n,
  (n - 1n) / 2n,
  (n + 1n) / 2n,
  1n << 255n,
  (1n << 248n) - 1n,
  1n << 128n,
];
/** On the other curve of the same prime: a library that forgets to look would tell something of the scalar. */
const twisted: Point = [twistX(), 1n];
const secp256k1: Point = [
  0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
];

function twistX(): bigint {
  for (let x = 1n; ; x++) if (evenY(x) === undefined) return x;
}

describe('the content key', () => {
  test('of RFC 7518 appendix C is agreed on by both sides, from its shared secret', () => {
    const secret = '9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4';
    const key = keyFrom(fromHex(secret));
    expect(contentKey(pointBytes(alice), fromBase64Url(bob.d)).toString('hex')).toBe(key);
    expect(contentKey(pointBytes(bob), fromBase64Url(alice.d)).toString('hex')).toBe(key);
  });

  test('is what arithmetic of our own says, for points and scalars at every edge', () => {
    for (const point of edgePoints) {
      for (const scalar of edgeScalars) {
        const [shared] = multiply(point, scalar);
        expect(contentKey(encode(point), bytesOf(scalar)).toString('hex')).toBe(keyFrom(bytesOf(shared)));
      }
    }
  });

  test('of a shared secret that begins with zeros keeps them', () => {
    let scalar = 1n;
    for (let found = 0; found < 3; scalar++) {
      const [shared] = multiply(generator, scalar);
      if (shared >> 248n !== 0n) continue;
      found += 1;
      expect(contentKey(encode(generator), bytesOf(scalar)).toString('hex')).toBe(keyFrom(bytesOf(shared)));
    }
  });

  test('is the same for whole random pairs', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, n - 1n), fc.bigInt(1n, n - 1n), (mine, theirs) => {
        const point = multiply(generator, theirs);
        const [shared] = multiply(point, mine);
        expect(contentKey(encode(point), bytesOf(mine)).toString('hex')).toBe(keyFrom(bytesOf(shared)));
      }),
      { numRuns: 25 },
    );
  });

  test.each<[string, Buffer]>([
    ['beside the curve by one', encode([generator[0], generator[1] + 1n])],
    ['with its coordinates swapped', encode([generator[1], generator[0]])],
    ['at the origin', encode([0n, 0n])],
    ['of the twist', encode(twisted)],
    ['of secp256k1', encode(secp256k1)],
    ['whose x is not reduced', encode([p + 5n, evenY(5n) ?? 0n])],
    ['whose y is not reduced', encode([5n, (evenY(5n) ?? 0n) + p])],
    ['at infinity', Buffer.of(0)],
    ['without its last byte', encode(generator).subarray(0, 64)],
    ['with a byte too many', Buffer.concat([encode(generator), Buffer.of(0)])],
    [
      'in the hybrid form with the wrong sign',
      Buffer.concat([Buffer.of(6 + Number((generator[1] + 1n) & 1n)), encode(generator).subarray(1)]),
    ],
    ['of nothing', Buffer.alloc(0)],
  ])('is not agreed on with a point %s', (_, point) => {
    for (const scalar of [1n, 2n, n - 1n, 0x1234567890n]) {
      expect(() => contentKey(point, bytesOf(scalar))).toThrow(EnvelopeError);
    }
  });

  test.each<[string, Buffer]>([
    ['zero', bytesOf(0n)],
    ['the order of the curve', bytesOf(n)],
    ['above it', bytesOf(n + 1n)],
    ['too long', Buffer.alloc(33, 1)],
    ['nothing', Buffer.alloc(0)],
  ])('is not agreed on with a scalar that is %s', (_, scalar) => {
    expect(() => contentKey(encode(generator), scalar)).toThrow(EnvelopeError);
  });

  test('leaves point and scalar as they were', () => {
    const [point, scalar] = [encode(generator), bytesOf(7n)];
    contentKey(point, scalar);
    expect([point, scalar]).toEqual([encode(generator), bytesOf(7n)]);
  });
});

describe('content', () => {
  /** The 256-bit cases of the specification of GCM (McGrew and Viega, appendix B). */
  const cases = [
    {
      key: '00'.repeat(32),
      iv: '00'.repeat(12),
      aad: '',
      text: '',
      ciphertext: '',
      tag: '530f8afbc74536b9a963b4f1c4cb738b',
    },
    {
      key: '00'.repeat(32),
      iv: '00'.repeat(12),
      aad: '',
      text: '00'.repeat(16),
      ciphertext: 'cea7403d4d606b6e074ec5d3baf39d18',
      tag: 'd0d1c8a799996bf0265b98b5d48ab919',
    },
    {
      key: 'feffe9928665731c6d6a8f9467308308'.repeat(2),
      iv: 'cafebabefacedbaddecaf888',
      aad: '',
      text: 'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255',
      ciphertext:
        '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad',
      tag: 'b094dac5d93471bdec1a502270e3cc6c',
    },
    {
      key: 'feffe9928665731c6d6a8f9467308308'.repeat(2),
      iv: 'cafebabefacedbaddecaf888',
      aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
      text: 'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
      ciphertext:
        '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
      tag: '76fc6ece0f4e1768cddf8853bb2d551b',
    },
  ].map((vector) => ({ ...vector, length: vector.text.length / 2 }));

  test.each(cases)(
    'of $length bytes opens as the specification of GCM says, and not with one bit changed',
    (vector) => {
      const key = fromHex(vector.key);
      const sealed = {
        additionalData: fromHex(vector.aad),
        iv: fromHex(vector.iv),
        ciphertext: fromHex(vector.ciphertext),
        tag: fromHex(vector.tag),
      };
      expect(decrypt(key, sealed).toString('hex')).toBe(vector.text);
      for (const name of ['additionalData', 'iv', 'ciphertext', 'tag'] as const) {
        for (let bit = 0; bit < 8 * sealed[name].length; bit++) {
          expect(() => decrypt(key, { ...sealed, [name]: flipped(sealed[name], bit) })).toThrow(EnvelopeError);
        }
      }
      for (let bit = 0; bit < 256; bit++) expect(() => decrypt(flipped(key, bit), sealed)).toThrow(EnvelopeError);
    },
  );

  test('that is another part of a longer one, or moved to other data, does not open', () => {
    const [, , , vector] = cases as [never, never, never, (typeof cases)[number]];
    const key = fromHex(vector.key);
    const [iv, ciphertext, tag] = [fromHex(vector.iv), fromHex(vector.ciphertext), fromHex(vector.tag)];
    const additionalData = fromHex(vector.aad);
    for (let length = 0; length < ciphertext.length; length++) {
      const cut = { additionalData, iv, ciphertext: ciphertext.subarray(0, length), tag };
      expect(() => decrypt(key, cut)).toThrow(EnvelopeError);
    }
    for (let length = 0; length < additionalData.length; length++) {
      const cut = { additionalData: additionalData.subarray(0, length), iv, ciphertext, tag };
      expect(() => decrypt(key, cut)).toThrow(EnvelopeError);
    }
  });

  test('is not opened by part of a tag', () => {
    const [{ key, iv, tag }] = cases as [(typeof cases)[number]];
    const sealed = { additionalData: Buffer.alloc(0), iv: fromHex(iv), ciphertext: Buffer.alloc(0) };
    for (const length of [0, 4, 8, 12, 15]) {
      expect(() => decrypt(fromHex(key), { ...sealed, tag: fromHex(tag).subarray(0, length) })).toThrow();
    }
  });
});

describe('an envelope to the key of RFC 7518 appendix C', () => {
  const sessionId = sessionIdOf(
    Buffer.concat([Buffer.of(2 + (Number(fromBase64Url(bob.y).at(-1)) & 1)), fromBase64Url(bob.x)]),
  );
  const scalar = fromBase64Url(bob.d);
  const { d: _, ...epk } = { kty: 'EC', crv: 'P-256', ...alice };
  const key = contentKey(pointBytes(alice), scalar);
  const sealedWith = (
    header: object,
    by: Uint8Array = key,
    algorithm: 'aes-256-gcm' | 'aes-128-gcm' = 'aes-256-gcm',
  ) => {
    const protectedHeader = Buffer.from(JSON.stringify(header)).toString('base64url');
    const iv = Buffer.alloc(12, 3);
    const cipher = createCipheriv(algorithm, by, iv, { authTagLength: 16 }).setAAD(Buffer.from(protectedHeader));
    const ciphertext = Buffer.concat([cipher.update(Buffer.alloc(256, 7)), cipher.final()]);
    return [
      protectedHeader,
      '',
      ...[iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url')),
    ].join('.');
  };

  test('has a session id with that very point', () => {
    expect(Buffer.from(pointOf(sessionId))).toEqual(pointBytes(bob));
  });

  test('opens when it is ours', () => {
    const jwe = sealedWith({ alg: 'ECDH-ES', enc: 'A256GCM', epk, kid: sessionId });
    expect(open(jwe, sessionId, scalar)).toEqual(Buffer.alloc(256, 7));
  });

  test('does not open with what the RFC allows besides: its own example among them', () => {
    const secret = fromHex('9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4');
    const named = { apu: 'QWxpY2U', apv: 'Qm9i' };
    const of = (bits: number, enc: string) =>
      createHash('sha256')
        .update(concatKdfInput(secret, enc, bits, Buffer.from('Alice'), Buffer.from('Bob')))
        .digest()
        .subarray(0, bits / 8);
    const ours = { alg: 'ECDH-ES', enc: 'A256GCM', epk, kid: sessionId };
    for (const jwe of [
      sealedWith({ ...ours, enc: 'A128GCM', ...named }, of(128, 'A128GCM'), 'aes-128-gcm'),
      sealedWith({ ...ours, ...named }, of(256, 'A256GCM')),
      sealedWith({ ...ours, zip: 'DEF' }),
      sealedWith({ ...ours, crit: ['exp'], exp: 1 }),
      sealedWith({ ...ours, typ: 'JOSE' }),
      sealedWith({ ...ours, epk: { ...epk, d: alice.d } }),
      sealedWith({ ...ours, alg: 'ECDH-ES+A256KW' }),
      sealedWith({ ...ours, alg: 'dir' }),
    ]) {
      expect(() => open(jwe, sessionId, scalar)).toThrow(EnvelopeError);
    }
  });
});

function flipped(bytes: Uint8Array, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
