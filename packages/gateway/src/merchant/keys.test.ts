import { createPublicKey, generateKeyPairSync, generatePrimeSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { exportPrivateKey, exportPublicKey, sign } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDoor, type TestDoor } from '../../../../test/kit/door.ts';
import { newApiKey } from '../id.ts';
import { findMerchantByApiKey, findMerchantByClientKey } from './find.ts';
import {
  claimPublicKey,
  issueApiKey,
  issueClientKey,
  KeyRefused,
  listApiKeys,
  listClientKeys,
  listPublicKeys,
  provePublicKey,
  revokeApiKey,
  revokeClientKey,
  revokePublicKey,
  setClientKeyOrigins,
} from './keys.ts';

let door: TestDoor;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

const pair = (modulusLength = 2048) => generateKeyPairSync('rsa', { modulusLength });
const claim = (key: KeyObject | string, merchantId = 'alice') =>
  claimPublicKey(door.gateway, merchantId, typeof key === 'string' ? key : exportPublicKey(key));
const activate = async (keys: { publicKey: KeyObject; privateKey: KeyObject }, merchantId = 'alice') => {
  const { keyId, challenge } = await claim(keys.publicKey, merchantId);
  await provePublicKey(door.gateway, merchantId, keyId, await sign(Buffer.from(challenge), keys.privateKey));
  return keyId;
};
const callSignedBy = async (privateKey: KeyObject) => {
  const body = Buffer.from('{"text":"a"}');
  return (await door.call(body, door.alice, { 'x-signature': await sign(body, privateKey) })).status;
};
/** A public key of any modulus. */
const keyOf = (modulus: bigint): KeyObject => {
  const hex = modulus.toString(16);
  const n = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
  return createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });
};
const prime = (bits = 1024): bigint => generatePrimeSync(bits, { bigint: true });

describe('an API key', () => {
  test('is accepted as soon as it is issued, and refused as soon as it is revoked', async () => {
    const { keyId, apiKey } = await issueApiKey(door.gateway, 'alice');
    const call = () => door.call({ text: 'a' }, { ...door.alice, apiKey });
    expect(await call()).toMatchObject({ status: 200 });
    await revokeApiKey(door.gateway, 'alice', keyId);
    expect(await call()).toMatchObject({ status: 401, json: { code: 'A0001' } });
    await expect(revokeApiKey(door.gateway, 'alice', keyId)).rejects.toThrow(KeyRefused);
  });

  test('is listed by its public part only, and stored as a hash only', async () => {
    const { keyId, apiKey } = await issueApiKey(door.gateway, 'alice');
    expect(apiKey.startsWith(keyId)).toBe(true);
    const listed = await listApiKeys(door.gateway, 'alice');
    expect(listed).toContainEqual({ keyId, createdAt: expect.any(Date), revokedAt: undefined });
    const rows = await door.database.rows({ name: 'test/keys', text: 'select * from merchant_api_key' });
    expect(JSON.stringify([listed, rows])).not.toContain(apiKey.slice(keyId.length));
  });

  test('of another merchant cannot be revoked', async () => {
    const { keyId } = await issueApiKey(door.gateway, 'bob');
    await expect(revokeApiKey(door.gateway, 'alice', keyId)).rejects.toThrow('no such key');
  });

  test('that shares its public part with a real one is not taken for it', async () => {
    const { apiKey } = await issueApiKey(door.gateway, 'alice');
    const [taken] = await door.database.rows<{ key_id: string }>({
      name: 'test/twin',
      text: "update merchant_api_key set key_id = key_id where merchant_id = 'alice' returning key_id",
    });
    const twin = newApiKey('test');
    await door.database.rows({ name: 'test/move', text: 'update merchant_api_key set key_id = $1 where key_id = $2' }, [
      twin.slice(0, 16),
      apiKey.slice(0, 16),
    ]);
    expect(taken).toBeDefined();
    expect(await findMerchantByApiKey(door.gateway, twin)).toBeUndefined();
  });
});

describe('a client key', () => {
  test('lives with its origins, which can be replaced, until it is revoked', async () => {
    const { keyId, clientApiKey } = await issueClientKey(door.gateway, 'bob', ['https://one.example']);
    const origins = async () => (await findMerchantByClientKey(door.gateway, clientApiKey))?.origins;
    expect(await origins()).toEqual(['https://one.example']);
    await setClientKeyOrigins(door.gateway, 'bob', keyId, ['https://two.example:8443']);
    expect(await origins()).toEqual(['https://two.example:8443']);
    await revokeClientKey(door.gateway, 'bob', keyId);
    expect(await origins()).toBeUndefined();
    expect((await listClientKeys(door.gateway, 'bob')).find((key) => key.keyId === keyId)?.revokedAt).toBeInstanceOf(
      Date,
    );
  });

  test.each([
    'https://shop.example/',
    'shop.example',
    'https://shop.example/path',
    'HTTPS://SHOP.example',
    'null',
    '*',
    'javascript:1',
  ])('takes no origin that a browser would not send: %s', async (origin) => {
    await expect(issueClientKey(door.gateway, 'bob', [origin])).rejects.toThrow('is no origin');
  });
});

describe('a public key', () => {
  test('signs for its merchant only once its owner has proved to hold the private half', async () => {
    const keys = pair();
    const { keyId, challenge } = await claim(keys.publicKey);
    expect(challenge).toMatch(/^WAFFO_VERIFY_[0-9A-Za-z]{43}$/);
    expect(await callSignedBy(keys.privateKey)).toBe(401);
    await expect(
      provePublicKey(door.gateway, 'alice', keyId, await sign(Buffer.from(challenge), pair().privateKey)),
    ).rejects.toThrow('the proof does not fit');
    expect(await callSignedBy(keys.privateKey)).toBe(401);
    await provePublicKey(door.gateway, 'alice', keyId, await sign(Buffer.from(challenge), keys.privateKey));
    expect(await callSignedBy(keys.privateKey)).toBe(200);
    expect(await callSignedBy(door.alice.privateKey)).toBe(200);
    await revokePublicKey(door.gateway, 'alice', keyId);
    expect(await callSignedBy(keys.privateKey)).toBe(401);
  });

  test('makes two at the most, also when two are proved at once', async () => {
    const results = await Promise.allSettled([
      activate(pair(), 'bob'),
      activate(pair(), 'bob'),
      activate(pair(), 'bob'),
    ]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const active = (await listPublicKeys(door.gateway, 'bob')).filter(({ status }) => status === 'ACTIVE');
    expect(active).toHaveLength(2);
  });

  test('is proved with its newest challenge, once', async () => {
    const keys = pair();
    const old = await claim(keys.publicKey);
    await claim(keys.publicKey);
    await expect(
      provePublicKey(door.gateway, 'alice', old.keyId, await sign(Buffer.from(old.challenge), keys.privateKey)),
    ).rejects.toThrow('the proof does not fit');
    const keyId = await activate(keys);
    await expect(provePublicKey(door.gateway, 'alice', keyId, 'AAAA')).rejects.toThrow('no such key');
    await expect(claim(keys.publicKey)).rejects.toThrow('active already');
    await revokePublicKey(door.gateway, 'alice', keyId);
    await expect(claim(keys.publicKey)).rejects.toThrow('was revoked');
  });

  test('that one merchant only claimed does not keep its owner out; one that was proved is nobody else’s', async () => {
    const keys = pair();
    await claim(keys.publicKey, 'bob');
    const keyId = await activate(keys);
    await expect(claim(keys.publicKey, 'bob')).rejects.toThrow('in use elsewhere');
    await revokePublicKey(door.gateway, 'alice', keyId);
    await expect(claim(keys.publicKey, 'bob')).rejects.toThrow('in use elsewhere');
  });

  const vectors = JSON.parse(
    readFileSync(new URL('../../../protocol/vectors/signature.json', import.meta.url), 'utf8'),
  ) as { publicKey: string; merchantKeys: { invalid: { comment: string; key: string; says: string }[] } };

  test.each(vectors.merchantKeys.invalid)('is refused: $comment', async ({ key, says }) => {
    await expect(claim(key)).rejects.toThrow(KeyRefused);
    await expect(claim(key)).rejects.toThrow(says);
  });

  test('of our own published vectors is refused', async () => {
    await expect(claim(vectors.publicKey)).rejects.toThrow('published');
  });

  test("of the platform is refused: our signatures must never be a merchant's", async () => {
    const { publicKey } = pair();
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    await door.database.rows(
      {
        name: 'test/platform-key',
        text: `with kek as (insert into vault_kek values ('kek', '', now()) returning kek_id),
          data_key as (
            insert into vault_data_key (merchant_id, data_key_id, purpose, kek_id, wrapped, created_at)
            select '', gen_random_uuid(), 'secret', kek_id, '', now() from kek returning data_key_id)
          insert into platform_key (merchant_id, spki, data_key_id, sealed, created_at)
          select '', $1, data_key_id, '', now() from data_key`,
      },
      [spki],
    );
    await expect(claim(publicKey)).rejects.toThrow('a key of the platform');
  });

  test("with a prime of another merchant's key is refused", async () => {
    const shared = prime();
    await door.database.rows(
      {
        name: 'test/other-key',
        text: `insert into merchant_public_key (merchant_id, spki, status, created_at) values ('bob', $1, 'REVOKED', now())`,
      },
      [keyOf(shared * prime()).export({ format: 'der', type: 'spki' })],
    );
    await expect(claim(keyOf(shared * prime()))).rejects.toThrow('shares a prime');
    await expect(claim(keyOf(7n * prime(2045)))).rejects.toThrow('small factor');
  });

  test('pasted as a private key is refused, and nothing of it is stored or repeated', async () => {
    const text = exportPrivateKey(pair().privateKey);
    const refused = await claim(text).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(KeyRefused);
    expect(String(refused)).not.toContain(text.slice(40, 80));
    const rows = await door.database.rows({ name: 'test/all-keys', text: 'select * from merchant_public_key' });
    expect(JSON.stringify(rows)).not.toContain(Buffer.from(text, 'base64').toString('hex').slice(100, 160));
  });
});
