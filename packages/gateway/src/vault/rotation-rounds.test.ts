import { beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../../test/kit/database.ts';
import { fast, numbers, openVault, places, start } from '../../../../test/kit/vault.ts';
import { type Database, statement } from '../storage/database.ts';
import { cards } from './card-places.ts';
import { batchFor, beginRotation, paceOf, rotateDataKeys, settleMs } from './rotate.ts';
import { rotateKek } from './rotate-kek.ts';
import type { SealedPlace } from './sealed-place.ts';

const database = await freshDatabase();
let vault: Awaited<ReturnType<typeof openVault>>;
beforeEach(async () => {
  vault = await openVault(database);
});

type Progress = { noun: string; done: number; total: number };
const keysOf = async () =>
  (
    await vault.run<{ purpose: string; keys: number }>(
      'select purpose, count(*)::int as keys from vault_data_key group by purpose order by purpose',
    )
  ).map(({ purpose, keys }) => `${purpose} ${keys}`);
const underWay = () => vault.run('select purpose from vault_rotation where finished_at is null');
/** Spoils the sealed bytes of one card. */
const spoil = (cardId: string | undefined) =>
  vault.run(
    `update vault_card set sealed = set_bit(sealed, 999, 1 - get_bit(sealed, 999)) where card_id = '${cardId}'`,
  );
/** Values on the older keys that are there when it is first asked, and stay. */
const lasting = (move?: SealedPlace['move']): SealedPlace => {
  let first: string | undefined;
  return {
    noun: 'lasting values',
    purpose: 'card',
    countByKey: async (sql) => {
      const read = statement<{ id: string }>(
        'test/oldest-key',
        `select data_key_id as id from vault_data_key where merchant_id = 'M1' and purpose = 'card'
         order by created_at limit 1`,
      );
      first ??= (await sql.rows(read))[0]?.id;
      return [{ merchant_id: 'M1', key_id: first ?? '', values: 3 }];
    },
    check: () => Promise.reject(new Error('not asked')),
    ...(move && { move }),
  };
};

describe('a rotation of data keys', () => {
  test('tells how many values there are and how many are moved, merchant by merchant', async () => {
    await vault.fill();
    vault.pass(1_000);
    const seen: Progress[] = [];
    await rotateDataKeys(vault.deps, 'card', places, { ...fast, onProgress: (at) => seen.push(at) });
    expect(seen).toEqual([0, 3, 3, 6, 6].map((done) => ({ noun: 'cards', done, total: 6 })));
  });

  test('says at once that there is nothing to move', async () => {
    await vault.fill();
    await vault.run('delete from vault_card');
    const seen: Progress[] = [];
    await rotateDataKeys(vault.deps, 'card', places, { ...fast, onProgress: (at) => seen.push(at) });
    expect(seen).toEqual([{ noun: 'cards', done: 0, total: 0 }]);
  });

  test('moves what a gateway sealed with the older key before it noticed the newer one', async () => {
    await vault.fill();
    const gateway = await vault.process();
    await vault.store(gateway, 'M1', numbers[0] ?? '');
    vault.pass(1_000);
    let late = '';
    const hooked: SealedPlace = {
      ...cards,
      async move(deps, batch, newer) {
        const result = await cards.move?.(deps, batch, newer);
        // The cards of this merchant that were there have been moved: this one comes after them.
        if (result?.last === undefined) late ||= await vault.store(gateway, 'M1', numbers[1] ?? '');
        return result ?? { done: 0, broken: [], last: undefined };
      },
    };
    const { moved, left } = await rotateDataKeys(vault.deps, 'card', [hooked], fast);
    expect(late).not.toBe('');
    expect({ moved, left, old: await vault.onOldKeys() }).toEqual({ moved: 8, left: 0, old: 0 });
  });

  test('gives gateways the time to notice that it was told, and two of their looks when it was not', async () => {
    expect(settleMs).toBe(4_000);
    await vault.fill();
    vault.pass(1_000);
    const since = performance.now();
    await rotateDataKeys(vault.deps, 'card', places, { settleMs: 250 });
    expect(performance.now() - since).toBeGreaterThan(245);
    expect(performance.now() - since).toBeLessThan(3_500);
  });

  test('makes newer keys of its own purpose only, and moves nothing of another', async () => {
    await vault.fill();
    vault.pass(1_000);
    await rotateDataKeys(vault.deps, 'fingerprint', [], fast);
    expect(await keysOf()).toEqual(['card 2', 'fingerprint 4']);
    expect(await rotateDataKeys(vault.deps, 'card', places, fast)).toMatchObject({ moved: 6, left: 0, waiting: 0 });
    expect(await keysOf()).toEqual(['card 4', 'fingerprint 4']);
    expect(await vault.onOldKeys()).toBe(6);
  });

  test('that goes on makes no third key, and says since when it goes on', async () => {
    const made = await vault.fill();
    await spoil(made[0]?.cardId);
    vault.pass(1_000);
    const first = await rotateDataKeys(vault.deps, 'card', places, fast);
    expect(first).toMatchObject({ resumedFrom: undefined, moved: 5, left: 1 });
    vault.pass(1_000);
    const second = await rotateDataKeys(vault.deps, 'card', places, fast);
    expect(second).toMatchObject({ resumedFrom: new Date(start.getTime() + 1_000), moved: 0, left: 1 });
    expect(await keysOf()).toEqual(['card 4', 'fingerprint 2']);
    expect(await underWay()).toEqual([{ purpose: 'card' }]);
  });

  test('begun twice at once makes one newer key for each merchant', async () => {
    await vault.fill();
    vault.pass(1_000);
    const others = await Promise.all([vault.process(), vault.process()]);
    await Promise.all(others.map((deps) => rotateDataKeys(deps, 'card', places, fast)));
    expect(await keysOf()).toEqual(['card 4', 'fingerprint 2']);
    expect(await vault.onOldKeys()).toBe(0);
  });

  test('by a machine whose clock is behind makes keys that are newer than its beginning all the same', async () => {
    await vault.fill();
    await vault.run(`insert into vault_rotation (rotation_id, purpose, started_at)
      values (gen_random_uuid(), 'card', '2026-11-23T13:00:00Z')`);
    expect(await rotateDataKeys(vault.deps, 'card', places, fast)).toMatchObject({ moved: 6, left: 0 });
    const newest = await vault.run<{ at: Date }>(
      `select max(created_at) as at from vault_data_key where purpose = 'card' group by merchant_id`,
    );
    expect(newest.map(({ at }) => at.toISOString())).toEqual(Array(2).fill('2026-11-23T13:00:00.000Z'));
  });

  test('counts what ends by itself as waiting, and is finished without it', async () => {
    await vault.fill();
    vault.pass(1_000);
    const result = await rotateDataKeys(vault.deps, 'card', [...places, lasting()], fast);
    expect(result).toMatchObject({ moved: 6, waiting: 3, left: 0 });
    expect(await underWay()).toEqual([]);
  });

  test('ends though others keep values locked, tells how many, and stays unfinished', async () => {
    await vault.fill();
    vault.pass(1_000);
    let rounds = 0;
    const locked = lasting(async () => {
      rounds += 1;
      return { done: 0, broken: [], last: undefined };
    });
    const result = await rotateDataKeys(vault.deps, 'card', [locked], fast);
    expect(result).toMatchObject({ moved: 0, waiting: 0, left: 3, broken: [] });
    expect(rounds).toBe(20);
    expect(await underWay()).toEqual([{ purpose: 'card' }]);
  });

  test('that another process has just finished is not begun by halves', async () => {
    const finished = { rows: async () => [] } as unknown as Database;
    await expect(beginRotation({ database: finished, clock: vault.clock }, 'card')).rejects.toThrow(
      'another process has just finished this rotation',
    );
  });

  test('in steps of one value moves every one', async () => {
    await vault.fill();
    vault.pass(1_000);
    const onProgress = () => vault.pass(1_000);
    const result = await rotateDataKeys(vault.deps, 'card', places, { ...fast, rowsPerSecond: 1, onProgress });
    expect(result).toMatchObject({ moved: 6, left: 0 });
  });
});

describe('the pace', () => {
  test('takes small steps when it is slow, and never more than five hundred values at once', () => {
    expect([undefined, 0.2, 30, 30.5, 500, 10_000].map((rate) => batchFor(rate))).toEqual([500, 1, 30, 31, 500, 500]);
  });

  test('waits until so many rows are in time, counted from its beginning', async () => {
    const pace = paceOf(vault.clock, 10);
    const took = async (rows: number) => {
      const since = performance.now();
      await pace(rows);
      return performance.now() - since;
    };
    expect(await took(1)).toBeGreaterThan(95);
    vault.pass(10_000);
    expect(await took(10)).toBeLessThan(900);
    const free = paceOf(vault.clock, undefined);
    expect(await free(1_000_000)).toBeUndefined();
  });
});

describe('a rotation of the KEK', () => {
  test('tells how many data keys there are and how many are wrapped anew', async () => {
    await vault.fill();
    vault.addKek();
    const seen: Progress[] = [];
    await rotateKek(vault.deps, { ...fast, onProgress: (at) => seen.push(at) });
    expect(seen).toEqual([4, 4].map((done) => ({ noun: 'data keys', done, total: 4 })));
  });

  test('at the same moment as the one before puts the new one first', async () => {
    await vault.fill();
    vault.addKek();
    expect(await rotateKek(vault.deps, fast)).toMatchObject({ moved: 4, left: 0 });
    const newest = await vault.run<{ kek_id: string }>('select kek_id from vault_kek order by created_at desc limit 1');
    expect(newest).toEqual([{ kek_id: (await vault.deps.kek.kekIds()).at(-1) }]);
    const [late] = await vault.run<{ at: Date }>('select max(created_at) as at from vault_kek');
    expect(late?.at).toEqual(new Date(start.getTime() + 1));
  });

  test('in steps of one key wraps every one, and gives gateways the time it was told', async () => {
    await vault.fill();
    vault.addKek();
    const since = performance.now();
    const onProgress = () => vault.pass(1_000);
    expect(await rotateKek(vault.deps, { settleMs: 250, rowsPerSecond: 1, onProgress })).toMatchObject({ moved: 4 });
    expect(performance.now() - since).toBeGreaterThan(245);
    expect(performance.now() - since).toBeLessThan(3_500);
  });

  test('names a data key that does not open, wraps the others, and stays unfinished', async () => {
    await vault.fill();
    const [spoiled] = await vault.run<{ data_key_id: string }>(
      `update vault_data_key set wrapped = set_bit(wrapped, 400, 1 - get_bit(wrapped, 400))
       where merchant_id = 'M1' and purpose = 'card' returning data_key_id`,
    );
    vault.addKek();
    const deps = await vault.process();
    const result = await rotateKek(deps, fast);
    expect(result).toMatchObject({ moved: 3, broken: [spoiled?.data_key_id], left: 1, waiting: 0 });
    expect(await underWay()).toEqual([{ purpose: 'kek' }]);
  });

  test('stops when the keys themselves cannot be asked', async () => {
    await vault.fill();
    vault.addKek();
    const away = { ...vault.deps.kek, unwrap: () => Promise.reject(new Error('the key service is away')) };
    await expect(rotateKek({ ...vault.deps, kek: away }, fast)).rejects.toThrow('the key service is away');
  });

  test('that goes on takes no other new KEK than its own', async () => {
    await vault.fill();
    vault.addKek();
    const away = { ...vault.deps.kek, unwrap: () => Promise.reject(new Error('killed')) };
    await expect(rotateKek({ ...vault.deps, kek: away }, fast)).rejects.toThrow('killed');
    vault.pass(1_000);
    const result = await rotateKek(vault.deps, fast);
    expect(result).toMatchObject({ resumedFrom: start, moved: 4, left: 0 });
    expect(await vault.run('select kek_id from vault_kek')).toHaveLength(2);
  });
});

describe('a gateway', () => {
  test('does not start without a KEK that something still hangs on, and says which', async () => {
    await vault.fill();
    vault.addKek();
    const [first] = await vault.deps.kek.kekIds();
    const away = { ...vault.deps.kek, unwrap: () => Promise.reject(new Error('killed')) };
    await expect(rotateKek({ ...vault.deps, kek: away }, fast)).rejects.toThrow('killed');
    const [old] = vault.keks.splice(0, 1);
    await expect(vault.process()).rejects.toThrow(
      `the key file lacks the key ${first}, which this database is sealed with; bring the newer file`,
    );
    if (old !== undefined) vault.keks.unshift(old);
    await rotateKek(vault.deps, fast);
    vault.keks.shift();
    await vault.process();
  });

  test('does not start without the KEK in use, though nothing hangs on it yet', async () => {
    vault.addKek();
    await rotateKek(vault.deps, fast);
    const newest = vault.keks.pop();
    await expect(vault.process()).rejects.toThrow('lacks the key');
    if (newest !== undefined) vault.keks.push(newest);
  });
});
