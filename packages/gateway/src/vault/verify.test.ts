import { beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../../test/kit/database.ts';
import { fast, openVault, places } from '../../../../test/kit/vault.ts';
import { rotateDataKeys } from './rotate.ts';
import { rotateKek } from './rotate-kek.ts';
import { verifyVault } from './verify.ts';

const database = await freshDatabase();
let vault: Awaited<ReturnType<typeof openVault>>;
beforeEach(async () => {
  vault = await openVault(database);
});
/** As another process sees it, which has no key in memory. */
const verify = async () => verifyVault(await vault.process(), places);

describe('a vault that is whole', () => {
  test('is opened value by value, and the progress tells how far', async () => {
    await vault.fill();
    const seen: unknown[] = [];
    const reports = await verifyVault(vault.deps, places, { onProgress: (at) => seen.push(at) });
    expect(reports).toEqual([
      { noun: 'data keys', opened: 4, onOldKeys: 0, broken: [] },
      { noun: 'cards', opened: 6, onOldKeys: 0, broken: [] },
      { noun: 'fingerprints', opened: 6, onOldKeys: 0, broken: [] },
    ]);
    const cards = [3, 3, 6, 6].map((done) => ({ noun: 'cards', done, total: 6 }));
    expect(seen).toEqual([...cards, ...cards.map((at) => ({ ...at, noun: 'fingerprints' }))]);
  });

  test('tells what hangs on keys that have a newer one', async () => {
    await vault.fill();
    vault.pass(1_000);
    await rotateDataKeys(vault.deps, 'card', [], fast);
    expect(await verify()).toMatchObject([{ onOldKeys: 0 }, { noun: 'cards', onOldKeys: 6 }, { onOldKeys: 0 }]);
    vault.addKek();
    await rotateKek(vault.deps, fast);
    expect((await verify())[0]).toMatchObject({ opened: 6, onOldKeys: 0 });
    await database.rows({
      name: 'test/two-keks',
      text: `update vault_kek set created_at = created_at + interval '1 day'
             where created_at = (select min(created_at) from vault_kek)`,
    });
    expect((await verify())[0]).toMatchObject({ noun: 'data keys', opened: 6, onOldKeys: 6 });
  });
});

describe('what does not open', () => {
  test('is named by its merchant and its record, and all else is opened', async () => {
    const made = await vault.fill();
    const victim = made[4];
    await vault.run(
      `update vault_card set sealed = set_bit(sealed, 999, 1 - get_bit(sealed, 999)) where card_id = '${victim?.cardId}'`,
    );
    const broken = [`M2/${victim?.cardId}`];
    const seen: number[] = [];
    const deps = await vault.process();
    expect(await verifyVault(deps, places, { onProgress: ({ done }) => seen.push(done) })).toEqual([
      { noun: 'data keys', opened: 4, onOldKeys: 0, broken: [] },
      { noun: 'cards', opened: 5, onOldKeys: 0, broken },
      { noun: 'fingerprints', opened: 5, onOldKeys: 0, broken },
    ]);
    expect(Math.max(...seen)).toBe(6);
  });

  test('a data key is named once, with the fingerprints that cannot be checked without it', async () => {
    await vault.fill();
    const [key] = await vault.run<{ data_key_id: string }>(
      `update vault_data_key set wrapped = set_bit(wrapped, 400, 1 - get_bit(wrapped, 400))
       where merchant_id = 'M1' and purpose = 'card' returning data_key_id`,
    );
    const [keys, cards, fingerprints] = await verify();
    expect(fingerprints).toMatchObject({ noun: 'fingerprints', opened: 3 });
    expect(fingerprints?.broken.map((record) => record.slice(0, 3))).toEqual(['M1/', 'M1/', 'M1/']);
    expect(keys).toEqual({ noun: 'data keys', opened: 3, onOldKeys: 0, broken: [`M1/${key?.data_key_id}`] });
    expect(cards).toEqual({ noun: 'cards', opened: 3, onOldKeys: 0, broken: [] });
  });

  test('a database that is away is no broken value', async () => {
    await vault.fill();
    const { keyring, ...deps } = await vault.process();
    const away = { ...keyring, dataKeyById: () => Promise.reject(new Error('away')) };
    await expect(verifyVault({ ...deps, keyring: away }, places)).rejects.toThrow('away');
  });
});
