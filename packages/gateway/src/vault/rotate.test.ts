import { beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../../test/kit/database.ts';
import { allOpen, fast, newCard, numbers, openVault, panOf, places, start } from '../../../../test/kit/vault.ts';
import type { Database, Statement } from '../storage/database.ts';
import type { KeyPurpose } from './keyring.ts';
import { retireKeys } from './retire.ts';
import { rotateDataKeys, type VaultDeps } from './rotate.ts';
import { rotateKek } from './rotate-kek.ts';
import { findSameCards } from './vault.ts';
import { verifyVault } from './verify.ts';

const database = await freshDatabase();
let vault: Awaited<ReturnType<typeof openVault>>;
beforeEach(async () => {
  vault = await openVault(database);
});

describe('after a rotation', () => {
  test.each<KeyPurpose>(['card', 'fingerprint'])(
    'of %s keys nothing hangs on an old key, and old ones can go',
    async (purpose) => {
      const made = await vault.fill();
      const before = await vault.run<Record<string, Buffer>>('select sealed, fingerprint from vault_card');
      vault.clock.moveTo(new Date(start.getTime() + 1_000));
      expect(await rotateDataKeys(vault.deps, purpose, places, fast)).toMatchObject({ moved: 6, broken: [], left: 0 });
      expect(await vault.onOldKeys()).toBe(0);
      const column = purpose === 'card' ? 'sealed' : 'fingerprint';
      const after = await vault.run<Record<string, Buffer>>('select sealed, fingerprint from vault_card');
      const seen = before.map((row) => row[column]?.toString('hex'));
      for (const row of after) expect(seen).not.toContain(row[column]?.toString('hex'));
      vault.clock.moveTo(new Date(start.getTime() + 120_000));
      const gone = await retireKeys(vault.deps, { keep: false });
      expect(gone.map(({ verdict }) => verdict)).toEqual(['retired', 'retired']);
      await allOpen(made, await vault.process());
    },
  );

  test('of the KEK every data key is wrapped by the new one, and the old one is needed no more', async () => {
    const made = await vault.fill();
    vault.addKek();
    vault.clock.moveTo(new Date(start.getTime() + 1_000));
    expect(await rotateKek(vault.deps, fast)).toMatchObject({ moved: 4, broken: [], left: 0 });
    vault.clock.moveTo(new Date(start.getTime() + 120_000));
    expect(await retireKeys(vault.deps, { keep: false })).toMatchObject([{ kind: 'KEK', verdict: 'retired' }]);
    vault.keks.shift();
    await allOpen(made, await vault.process());
  });

  test('a gateway that ran all the time reads every card and seals with the new keys, without a restart', async () => {
    const made = await vault.fill();
    const gateway = await vault.process();
    await panOf(gateway, made[0] ?? { merchantId: '', cardId: '' });
    await vault.store(gateway, 'M1', numbers[0] ?? '');
    vault.addKek();
    vault.clock.moveTo(new Date(start.getTime() + 1_000));
    const operator = await vault.process();
    await rotateKek(operator, fast);
    for (const purpose of ['card', 'fingerprint'] as const) await rotateDataKeys(operator, purpose, places, fast);
    vault.clock.moveTo(new Date(start.getTime() + 120_000));
    await retireKeys(operator, { keep: false });
    await allOpen(made, gateway);
    await vault.store(gateway, 'M1', numbers[1] ?? '');
    expect(await vault.onOldKeys()).toBe(0);
  });
});

describe('while keys rotate', () => {
  test('one card is known again under the old and the new fingerprint key', async () => {
    const old = await vault.store(vault.deps, 'M1', numbers[0] ?? '');
    vault.clock.moveTo(new Date(start.getTime() + 10_000));
    await rotateDataKeys(vault.deps, 'fingerprint', [], fast);
    const fresh = await vault.store(vault.deps, 'M1', numbers[0] ?? '');
    const keys = await vault.run<{ n: number }>('select count(distinct fingerprint_key_id)::int as n from vault_card');
    expect(keys).toEqual([{ n: 2 }]);
    const same = (merchantId: string) => findSameCards(vault.deps, { merchantId, card: newCard(numbers[0] ?? '') });
    expect(await same('M1')).toEqual([old, fresh]);
    expect(await same('M2')).toEqual([]);
  });

  test('a card that was erased stays erased', async () => {
    await vault.fill();
    const held = await vault.run<{ card_id: string }>('select card_id from vault_card limit 1');
    vault.clock.moveTo(new Date(start.getTime() + 1_000));
    const seen: number[] = [];
    await rotateDataKeys(vault.deps, 'card', places, {
      ...fast,
      onProgress: ({ done }) => {
        if (seen.push(done) === 1) void vault.run(`delete from vault_card where card_id = '${held[0]?.card_id}'`);
      },
    });
    expect(await vault.run('select from vault_card')).toHaveLength(5);
    expect(await vault.onOldKeys()).toBe(0);
  });

  test('the slow lane keeps to its rate', async () => {
    await vault.fill();
    const options = {
      ...fast,
      rowsPerSecond: 30,
      onProgress: () => vault.clock.moveTo(new Date(vault.clock.now().getTime() + 1)),
    };
    const since = performance.now();
    vault.clock.moveTo(new Date(start.getTime() + 1_000));
    await rotateDataKeys(vault.deps, 'card', places, options);
    expect(performance.now() - since).toBeGreaterThan(150);
  });
});

describe('a key is not retired', () => {
  test('while anything hangs on it, nor before a minute has passed, nor when it is only asked', async () => {
    await vault.fill();
    vault.clock.moveTo(new Date(start.getTime() + 1_000));
    await rotateDataKeys(vault.deps, 'card', [], fast);
    const verdicts = async (keep: boolean) => (await retireKeys(vault.deps, { keep })).map(({ verdict }) => verdict);
    expect(await verdicts(false)).toEqual(['young', 'young']);
    vault.clock.moveTo(new Date(start.getTime() + 120_000));
    expect(await verdicts(false)).toEqual(['used', 'used']);
    await vault.run(`delete from vault_card where merchant_id = 'M1'`);
    expect(await verdicts(true)).toEqual(['retired', 'used']);
    expect(await verdicts(false)).toEqual(['retired', 'used']);
    expect(await vault.run('select key_id from vault_retired_key')).toHaveLength(1);
  });

  test('and a retired KEK is never taken for a new one', async () => {
    await vault.fill();
    const message = 'the key file ends with a key that is in use already';
    await expect(rotateKek(vault.deps, fast)).rejects.toThrow(message);
    vault.addKek();
    vault.clock.moveTo(new Date(start.getTime() + 1_000));
    await rotateKek(vault.deps, fast);
    vault.clock.moveTo(new Date(start.getTime() + 120_000));
    await retireKeys(vault.deps, { keep: false });
    vault.keks.reverse();
    await expect(rotateKek(vault.deps, fast)).rejects.toThrow(message);
  });
});

test('a row that does not open is named, stays as it was, and the rotation stays unfinished', async () => {
  const made = await vault.fill();
  const victim = made[2]?.cardId;
  await vault.run(
    `update vault_card set sealed = set_bit(sealed, 999, 1 - get_bit(sealed, 999)) where card_id = '${victim}'`,
  );
  vault.clock.moveTo(new Date(start.getTime() + 1_000));
  const result = await rotateDataKeys(vault.deps, 'card', places, fast);
  expect(result).toMatchObject({ moved: 5, broken: [victim], left: 1 });
  const reports = await verifyVault(vault.deps, places);
  expect(reports.map(({ noun, broken }) => [noun, broken.length])).toEqual([
    ['data keys', 0],
    ['cards', 1],
    ['fingerprints', 1],
  ]);
});

/** A database whose nth statement fails as if the process had been killed before it. */
function dyingAt(nth: number): Database {
  let count = 0;
  const die = () => {
    if (++count >= nth) throw new Error('killed');
  };
  const rows = <Row>(statement: Statement<Row>, values?: readonly unknown[]) => {
    die();
    return database.rows(statement, values);
  };
  return {
    ...database,
    rows,
    transaction: (work) =>
      database.transaction((tx) =>
        work({
          ...tx,
          rows: (statement, values) => {
            die();
            return tx.rows(statement, values);
          },
        }),
      ),
  };
}

test.each(['kek', 'card', 'fingerprint'] as const)(
  'a %s rotation that is killed before any of its statements goes on, and loses nothing',
  async (kind) => {
    const made = await vault.fill();
    const rotate = (by: VaultDeps) => (kind === 'kek' ? rotateKek(by, fast) : rotateDataKeys(by, kind, places, fast));
    let kills = 0;
    for (let nth = 1; nth < 100; nth++) {
      vault.clock.moveTo(new Date(vault.clock.now().getTime() + 1_000));
      if (kind === 'kek' && (await vault.run('select from vault_rotation where finished_at is null')).length === 0)
        vault.addKek();
      const whole = await vault.process();
      const died = await rotate({ ...whole, database: dyingAt(nth) }).then(
        () => false,
        (error: Error) => error.message === 'killed',
      );
      await allOpen(made.slice(0, 2), await vault.process());
      if (!died) break;
      kills += 1;
      const { left } = await rotate(whole).catch((error: Error) => {
        // Killed after its last statement but one, it had nothing left to do.
        if (!error.message.includes('in use already')) throw error;
        return { left: 0 };
      });
      expect(left).toBe(0);
      expect(await vault.onOldKeys()).toBe(0);
    }
    expect(kills).toBeGreaterThan(5);
    expect(kills).toBeLessThan(99);
    await allOpen(made, await vault.process());
  },
);
