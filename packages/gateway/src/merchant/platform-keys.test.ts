import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { sign, verify } from '@waffo/protocol/signature';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/kit/database.ts';
import { newTestKek } from '../../../../test/kit/kek.ts';
import { realClock } from '../clock.ts';
import { openKeyring } from '../vault/keyring.ts';
import { open, SealBroken } from '../vault/seal.ts';
import { openPlatformKeys } from './platform-keys.ts';

const body = Buffer.from('{"code":"0","msg":"Success"}');
const kek = newTestKek();

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
beforeEach(() => run(`delete from platform_key where merchant_id <> ''`));

// Making an RSA pair takes a second or more on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const run = <Row>(text: string) => database.rows<Row>({ name: createHash('md5').update(text).digest('hex'), text });
/** What one process has. */
const start = async () =>
  openPlatformKeys({ database, clock: realClock, keyring: await openKeyring({ database, kek, clock: realClock }) });
const spkiOf = (key: KeyObject) => key.export({ format: 'der', type: 'spki' }).toString('hex');

describe('a merchant', () => {
  test('has a pair of its own, RSA of 2048 bits, and nobody else signs for it', async () => {
    const keys = await start();
    await keys.ensure('M1');
    await keys.ensure('M2');
    const [first, second, system] = await Promise.all(['M1', 'M2', ''].map((merchant) => keys.signerOf(merchant)));
    const signature = await sign(body, first?.privateKey as KeyObject);
    expect([first, second, system].map((pair) => verify(body, signature, pair?.publicKey as KeyObject))).toEqual([
      true,
      false,
      false,
    ]);
    expect(first?.privateKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048, publicExponent: 65537n });
  });

  test('keeps its pair when it is ensured again, and over a restart', async () => {
    const keys = await start();
    await keys.ensure('M1');
    const { publicKey } = await keys.signerOf('M1');
    await keys.ensure('M1');
    expect((await keys.signerOf('M1')).publicKey).toBe(publicKey);
    const restarted = await start();
    await restarted.ensure('M1');
    const pair = await restarted.signerOf('M1');
    expect(spkiOf(pair.publicKey)).toBe(spkiOf(publicKey));
    expect(verify(body, await sign(body, pair.privateKey), publicKey)).toBe(true);
    const [row] = await run<{ spki: Buffer }>(`select spki from platform_key where merchant_id = 'M1'`);
    expect(row?.spki.toString('hex')).toBe(spkiOf(publicKey));
  });

  test('has one pair, when several processes make it at once', async () => {
    await run('truncate platform_key');
    const pairsOf = async () => {
      const keys = await start();
      const system = await keys.signerOf('');
      await keys.ensure('M1');
      return [system, await keys.signerOf('M1')];
    };
    const pairs = (await Promise.all([pairsOf(), pairsOf(), pairsOf()])).flat();
    expect(new Set(pairs.map(({ publicKey }) => spkiOf(publicKey))).size).toBe(2);
    for (const { privateKey, publicKey } of pairs)
      expect(verify(body, await sign(body, privateKey), publicKey)).toBe(true);
  });

  test("without a pair is an error, not somebody else's signature", async () => {
    await expect((await start()).signerOf('M9')).rejects.toThrow('merchant M9 has no platform key');
  });
});

test('a private key is parsed once: parsing costs more than signing', async () => {
  const keys = await start();
  expect((await keys.signerOf('')).privateKey).toBe((await keys.signerOf('')).privateKey);
});

describe('a private half', () => {
  test('rests bound to its merchant, under a key for secrets', async () => {
    const keys = await start();
    await keys.ensure('M1');
    const [row] = await run<{ sealed: Buffer }>(`select sealed from platform_key where merchant_id = 'M1'`);
    const key = await (await openKeyring({ database, kek, clock: realClock })).dataKey('M1', 'secret');
    const binding = { purpose: 'secret', merchantId: 'M1', recordId: 'platform-key' } as const;
    const der = open(key, binding, row?.sealed ?? Buffer.alloc(0));
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    expect(privateKey.equals((await keys.signerOf('M1')).privateKey)).toBe(true);
  });

  test('that was given to another merchant does not open', async () => {
    const keys = await start();
    await keys.ensure('M1');
    await keys.ensure('M2');
    const steal = `update platform_key a set sealed = b.sealed, data_key_id = b.data_key_id, spki = b.spki
      from platform_key b where a.merchant_id = 'M2' and b.merchant_id = 'M1'`;
    await expect(run(steal)).rejects.toThrow('foreign key');
    await run(`insert into vault_data_key select 'M2', data_key_id, purpose, kek_id, wrapped, created_at
      from vault_data_key where merchant_id = 'M1'`);
    await run(steal);
    await expect((await start()).signerOf('M2')).rejects.toThrow(SealBroken);
  });

  test("that was damaged does not open, and is not replaced by a new one behind the merchant's back", async () => {
    await (await start()).ensure('M1');
    await run(
      `update platform_key set sealed = set_bit(sealed, 999, 1 - get_bit(sealed, 999)) where merchant_id = 'M1'`,
    );
    const before = await run('select * from platform_key order by merchant_id');
    const keys = await start();
    await expect(keys.ensure('M1')).rejects.toThrow(SealBroken);
    expect(await run('select * from platform_key order by merchant_id')).toEqual(before);
  });

  test('is neither in the database nor in what is printed', async () => {
    const keys = await start();
    const { privateKey } = await keys.signerOf('');
    const prime = Buffer.from(privateKey.export({ format: 'jwk' }).p ?? '', 'base64url').toString('hex');
    const [row] = await run<{ line: string }>('select p::text as line from platform_key p');
    const printed = `${inspect(await keys.signerOf(''), { depth: 9, showHidden: true })} ${JSON.stringify(await keys.signerOf(''))}`;
    expect(prime).toHaveLength(256);
    for (const seen of [row?.line ?? prime, printed]) expect(seen).not.toContain(prime.slice(0, 64));
  });
});
