import { beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../../test/kit/database.ts';
import { fast, openVault, places, start } from '../../../../test/kit/vault.ts';
import { listKeys } from './key-inventory.ts';
import { retireKeys } from './retire.ts';
import { beginRotation, rotateDataKeys } from './rotate.ts';
import { rotateKek } from './rotate-kek.ts';

const database = await freshDatabase();
let vault: Awaited<ReturnType<typeof openVault>>;
beforeEach(async () => {
  vault = await openVault(database);
});
const list = () => listKeys(vault.deps, places);

describe('the list of keys', () => {
  test('of a vault without cards has its KEK, and nothing else', async () => {
    const [kek] = await vault.deps.kek.kekIds();
    expect(await list()).toEqual({
      keks: [{ kekId: kek, state: 'in use', since: start, dataKeys: 0, isHere: true }],
      purposes: [],
      underWay: [],
    });
  });

  test('counts merchants, keys and values of each purpose', async () => {
    await vault.fill();
    await database.rows({
      name: 'test/seals',
      text: `update vault_data_key set seals = case merchant_id when 'M1' then 40 else 7 end where purpose = 'card'`,
    });
    const { purposes, keks } = await list();
    expect(keks).toMatchObject([{ dataKeys: 4, state: 'in use' }]);
    const each = { merchants: 2, keys: 2, values: 6, onOldKeys: 0, oldest: start };
    expect(purposes).toEqual([
      { purpose: 'card', ...each, mostSeals: 40n },
      { purpose: 'fingerprint', ...each, mostSeals: 0n },
    ]);
  });

  test('tells what still hangs on older keys, and since when the oldest is there', async () => {
    await vault.fill();
    vault.pass(1_000);
    await rotateDataKeys(vault.deps, 'card', [], fast);
    const { purposes } = await list();
    expect(purposes).toMatchObject([
      { purpose: 'card', merchants: 2, keys: 4, values: 6, onOldKeys: 6, oldest: start },
      { purpose: 'fingerprint', keys: 2, onOldKeys: 0 },
    ]);
    await rotateDataKeys(vault.deps, 'card', places, fast);
    expect((await list()).purposes[0]).toMatchObject({ values: 6, onOldKeys: 0 });
  });

  test('names rotations that were begun and not finished, and no others', async () => {
    await vault.fill();
    vault.pass(1_000);
    await rotateDataKeys(vault.deps, 'fingerprint', places, fast);
    vault.pass(1_000);
    await beginRotation(vault.deps, 'card');
    expect((await list()).underWay).toEqual([{ purpose: 'card', since: new Date(start.getTime() + 2_000) }]);
  });

  test('tells of each KEK whether it is new, in use, replaced or retired, what it wraps, and whether it is here', async () => {
    await vault.fill();
    vault.addKek();
    const [first, second] = await vault.deps.kek.kekIds();
    const of = async (id: string | undefined) => (await list()).keks.find(({ kekId }) => kekId === id);
    expect(await of(second)).toEqual({ kekId: second, state: 'new', since: undefined, dataKeys: 0, isHere: true });
    vault.pass(1_000);
    await rotateKek(vault.deps, fast);
    const since = new Date(start.getTime() + 1_000);
    expect(await of(second)).toEqual({ kekId: second, state: 'in use', since, dataKeys: 4, isHere: true });
    expect(await of(first)).toEqual({ kekId: first, state: 'replaced', since: start, dataKeys: 0, isHere: true });
    vault.pass(120_000);
    await retireKeys(vault.deps, { keep: false });
    expect(await of(first)).toMatchObject({ state: 'retired', dataKeys: 0, isHere: true });
    const gone = vault.keks.splice(0, 2);
    expect(await of(second)).toMatchObject({ state: 'in use', dataKeys: 4, isHere: false });
    expect(await of(first)).toBeUndefined();
    vault.keks.push(...gone);
  });
});
