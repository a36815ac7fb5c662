import { CompactEncrypt, importJWK, type JWK } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/kit/database.ts';
import { newTestKek } from '../../../../test/kit/kek.ts';
import { realClock, VirtualClock } from '../clock.ts';
import { destroyImportKey, ensureImportKey, lineOpener, sealedImportKeys } from './import-key.ts';
import { type Keyring, openKeyring } from './keyring.ts';
import { rotateDataKeys } from './rotate.ts';
import { type TransferKey, TransferRefused } from './transfer-envelope.ts';
import { verifyVault } from './verify.ts';

const kek = newTestKek();
let deps: { database: TestDatabase; keyring: Keyring; clock: typeof realClock };
beforeAll(async () => {
  const database = await freshDatabase();
  for (const merchantId of ['M1', 'M2', 'M3']) {
    await database.rows(
      {
        name: 'test/merchant',
        text: `insert into merchant values ($1, $1, 'ACTIVE', true, '{}', now())`,
      },
      [merchantId],
    );
  }
  deps = { database, clock: realClock, keyring: await openKeyring({ database, kek, clock: realClock }) };
});

const pan = '4012888888881881';
const lineTo = async (key: TransferKey) =>
  new CompactEncrypt(Buffer.from(JSON.stringify({ id: 'a', merchantUserId: 'u', pan, expiry: '09/2031' })))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: key.kid })
    .encrypt(await importJWK(key as unknown as JWK, 'ECDH-ES'));
const openerOf = async (merchantId: string) => {
  const opener = await lineOpener(deps, merchantId);
  if (opener === undefined) throw new Error('no key');
  return opener;
};

describe('an import key', () => {
  test('opens what was encrypted to it, and is the same for whoever asks, also at once', async () => {
    const [one, other] = await Promise.all([ensureImportKey(deps, 'M1'), ensureImportKey(deps, 'M1')]);
    expect(one).toEqual(other);
    const opener = await openerOf('M1');
    const { card, id } = opener.open(await lineTo(one));
    expect([card.pan.toString(), id]).toEqual([pan, 'a']);
  });

  test('of one merchant opens nothing of another', async () => {
    const key = await ensureImportKey(deps, 'M1');
    await ensureImportKey(deps, 'M2');
    const line = await lineTo(key);
    const other = await openerOf('M2');
    expect(() => other.open(line)).toThrow(TransferRefused);
  });

  test('opens nothing once it is closed, and nobody once it is destroyed', async () => {
    const key = await ensureImportKey(deps, 'M3');
    const line = await lineTo(key);
    const opener = await openerOf('M3');
    opener.open(line).card.dispose();
    opener.close();
    expect(() => opener.open(line)).toThrow(TransferRefused);
    expect(await destroyImportKey(deps, 'M3')).toBe(true);
    expect(await destroyImportKey(deps, 'M3')).toBe(false);
    expect(await lineOpener(deps, 'M3')).toBeUndefined();
    expect((await ensureImportKey(deps, 'M3')).kid).not.toBe(key.kid);
  });

  test('rests sealed: nothing of it is in its row', async () => {
    await ensureImportKey(deps, 'M1');
    const rows = await deps.database.rows<{ sealed: Buffer; data_key_id: string }>(
      { name: 'test/import-key', text: 'select sealed, data_key_id from vault_import_key' },
      [],
    );
    // Version, key, nonce, 32 bytes, tag.
    for (const { sealed } of rows) expect(sealed).toHaveLength(1 + 16 + 12 + 32 + 16);
  });
});

describe('a rotation of the keys that seal import keys', () => {
  test('moves each private half, which then opens what it opened before', async () => {
    const key = await ensureImportKey(deps, 'M3');
    const clock = new VirtualClock(new Date(Date.now() + 60_000));
    const moved = { ...deps, clock, kek };
    const held = await sealedImportKeys.countByKey(deps.database);
    expect(held.find(({ merchant_id }) => merchant_id === 'M3')).toMatchObject({ values: 1 });
    const seen: string[] = [];
    const onProgress = ({ noun }: { noun: string }) => seen.push(noun);
    const result = await rotateDataKeys(moved, 'secret', [sealedImportKeys], { settleMs: 0, onProgress });
    expect(result).toMatchObject({ moved: held.length, left: 0, broken: [] });
    expect(new Set(seen)).toEqual(new Set(['import keys']));
    expect(await verifyVault(moved, [sealedImportKeys])).toMatchObject([
      { broken: [] },
      { noun: 'import keys', opened: held.length, onOldKeys: 0, broken: [] },
    ]);
    const opener = await openerOf('M3');
    expect(opener.open(await lineTo(key))).toMatchObject({ merchantUserId: 'u' });
    opener.close();
  });
});
