import { createECDH, generateKeyPairSync, randomBytes } from 'node:crypto';
import { CompactEncrypt, calculateJwkThumbprint, compactDecrypt, exportJWK, importJWK, type JWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { openTransfer, recipientPoint, sealTransfer, TransferRefused, transferKeyOf } from './transfer-envelope.ts';

const content = Buffer.from('{"pan":"4012888888881881"}');
const newPair = () => {
  const pair = createECDH('prime256v1');
  const point = pair.generateKeys();
  const bare = pair.getPrivateKey();
  return { point, scalar: Buffer.concat([Buffer.alloc(32 - bare.length), bare]) };
};
const own = newPair();
const privateJwk = ({ point, scalar }: typeof own): JWK => {
  const { kty, crv, x, y } = transferKeyOf(point);
  return { kty, crv, x, y, d: scalar.toString('base64url') };
};
const byJose = async (header: object = {}, to = own) =>
  new CompactEncrypt(content)
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', ...header })
    .encrypt(await importJWK(transferKeyOf(to.point) as unknown as JWK, 'ECDH-ES'));
const why = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(TransferRefused);
    return (error as Error).message;
  }
  return 'nothing was refused';
};
const notOurKind = 'the line is no JWE in compact form with ECDH-ES on P-256 and A256GCM';
const doesNotOpen = "the line does not open: encrypted to another key than this merchant's, or changed on its way";

describe('a transfer', () => {
  test('that any JOSE library wrote opens', async () => {
    for (const header of [{}, { kid: transferKeyOf(own.point).kid }, { typ: 'card', cty: 'json' }]) {
      expect(openTransfer(await byJose(header), own)).toEqual(content);
    }
  });

  test('that we wrote is opened by any JOSE library, and names its key', async () => {
    const jwe = sealTransfer(content, own.point);
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, await importJWK(privateJwk(own), 'ECDH-ES'));
    expect(Buffer.from(plaintext)).toEqual(content);
    const kid = await calculateJwkThumbprint(transferKeyOf(own.point) as unknown as JWK);
    expect(protectedHeader).toMatchObject({ alg: 'ECDH-ES', enc: 'A256GCM', kid });
    expect(Object.keys(protectedHeader).sort()).toEqual(['alg', 'enc', 'epk', 'kid']);
    expect(openTransfer(jwe, own)).toEqual(content);
  });

  test('is another one each time', () => {
    const [one, other] = [sealTransfer(content, own.point), sealTransfer(content, own.point)];
    expect(one.split('.').filter((part, index) => part !== '' && part === other.split('.')[index])).toEqual([]);
  });

  test('to somebody else, or changed in any part, does not open', async () => {
    const jwe = sealTransfer(content, own.point);
    const stranger = await byJose({}, newPair());
    expect(why(() => openTransfer(stranger, own))).toBe(doesNotOpen);
    expect(why(() => openTransfer(sealTransfer(content, newPair().point), own))).toBe(doesNotOpen);
    const parts = jwe.split('.');
    for (const at of [2, 3, 4]) {
      const bytes = Buffer.from(parts[at] ?? '', 'base64url');
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      const changed = parts.with(at, bytes.toString('base64url')).join('.');
      expect(
        why(() => openTransfer(changed, own)),
        String(at),
      ).toBe(doesNotOpen);
    }
    const header = JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString());
    const relabelled = Buffer.from(JSON.stringify({ ...header, typ: 'x' })).toString('base64url');
    expect(why(() => openTransfer([relabelled, ...parts.slice(1)].join('.'), own))).toBe(doesNotOpen);
  });

  test('of another kind is told from one that does not open', async () => {
    const jwe = sealTransfer(content, own.point);
    const [head = '', , ...rest] = jwe.split('.');
    const headed = (change: object) =>
      [
        Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(head, 'base64url').toString()), ...change })).toString(
          'base64url',
        ),
        '',
        ...rest,
      ].join('.');
    const wrong = [
      '',
      'no jwe at all',
      `${jwe}.`,
      jwe.replace('..', '.AAAA.'),
      jwe.split('.').slice(0, 4).join('.'),
      ['e30', '', ...rest].join('.'),
      ['bm8', '', ...rest].join('.'),
      headed({ alg: 'ECDH-ES+A256KW' }),
      headed({ alg: 'dir' }),
      headed({ enc: 'A128GCM' }),
      headed({ zip: 'DEF' }),
      headed({ crit: ['exp'] }),
      headed({ apu: 'YQ' }),
      headed({ apv: 'YQ' }),
      headed({ b64: false }),
      headed({ epk: undefined }),
      headed({ epk: 'no' }),
      headed({ epk: null }),
      headed({ epk: { kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA' } }),
      headed({ epk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } }),
      [head, '', Buffer.alloc(11).toString('base64url'), ...rest.slice(1)].join('.'),
      [head, '', ...rest.slice(0, 2), Buffer.alloc(15).toString('base64url')].join('.'),
    ];
    for (const line of wrong)
      expect(
        why(() => openTransfer(line, own)),
        line,
      ).toBe(notOurKind);
    const { x, y } = transferKeyOf(Buffer.concat([Buffer.of(4), randomBytes(64)]));
    expect(why(() => openTransfer(headed({ epk: { kty: 'EC', crv: 'P-256', x, y } }), own))).toBe(doesNotOpen);
  });
});

describe('a recipient', () => {
  test('is a public key on P-256, as JOSE writes it', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = await exportJWK(publicKey);
    const point = recipientPoint(JSON.stringify(jwk));
    expect(transferKeyOf(point)).toMatchObject({ x: jwk.x, y: jwk.y, kid: await calculateJwkThumbprint(jwk) });
  });

  test('is not a private key, another curve, a point off the curve, or no key: each is said', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const off = transferKeyOf(Buffer.concat([Buffer.of(4), randomBytes(64)]));
    const cases: [unknown, string][] = [
      [privateJwk(own), 'the recipient key is a private key; bring its public half only'],
      [await exportJWK(publicKey), 'the recipient key must be an EC key on P-256 with x and y'],
      [{ ...transferKeyOf(own.point), kty: 'OKP' }, 'the recipient key must be an EC key on P-256 with x and y'],
      [{ ...transferKeyOf(own.point), x: 1 }, 'the recipient key must be an EC key on P-256 with x and y'],
      [{ ...transferKeyOf(own.point), y: undefined }, 'the recipient key must be an EC key on P-256 with x and y'],
      [off, 'the recipient key is not a point of P-256'],
      [[], 'the recipient key is no JSON object; bring a JWK (RFC 7517)'],
      [null, 'the recipient key is no JSON object; bring a JWK (RFC 7517)'],
    ];
    for (const [jwk, reason] of cases) expect(why(() => recipientPoint(JSON.stringify(jwk)))).toBe(reason);
    expect(why(() => recipientPoint('{'))).toBe('the recipient key is no JSON object; bring a JWK (RFC 7517)');
  });
});
