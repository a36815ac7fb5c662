import { createHash, randomBytes } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/kit/database.ts';
import { VirtualClock } from '../clock.ts';
import type { Database, Statement } from '../storage/database.ts';
import { CardBuffer } from './card-buffer.ts';
import { cards, fingerprints } from './card-places.ts';
import { heldKeks, type Kek, kekOf } from './kek.ts';
import { type KeyPurpose, openKeyring } from './keyring.ts';
import { retireKeys } from './retire.ts';
import { type RotationOptions, rotateDataKeys, type VaultDeps } from './rotate.ts';
import { rotateKek } from './rotate-kek.ts';
import { findSameCards, sealCard, storeCard, withCard } from './vault.ts';
import { verifyVault } from './verify.ts';

const start = new Date('2026-11-23T12:00:00.000Z');
const places = [cards, fingerprints];
const numbers = ['4012888888881881', '4111111111111111', '5555555555554444'];
const fast: RotationOptions = { settleMs: 0 };

let database: TestDatabase;
let clock: VirtualClock;
let keks: Kek[];
let deps: VaultDeps;
beforeAll(async () => {
  database = await freshDatabase();
});
beforeEach(async () => {
  await run('truncate merchant, vault_kek, vault_rotation, vault_retired_key cascade');
  await run(`insert into merchant (merchant_id, name, status, pci_certified, settings, created_at)
    select m, m, 'ACTIVE', false, '{}', now() from unnest(array['M1', 'M2']) m`);
  clock = new VirtualClock(start);
  keks = [kekOf(randomBytes(32))];
  deps = await process();
});

const run = <Row>(text: string) => database.rows<Row>({ name: createHash('md5').update(text).digest('hex'), text });
const addKek = () => keks.push(kekOf(randomBytes(32)));

/** What another process has: its own key ring, over the same database and key file. */
async function process(over: Database = database): Promise<VaultDeps> {
  const kek = heldKeks('the key file', async () => [...keks]);
  return { database: over, kek, clock, keyring: await openKeyring({ database: over, kek, clock }) };
}

const newCard = (pan: string) =>
  CardBuffer.fromText({ pan, expiry: { month: 9, year: 2031 }, cvv: undefined, name: 'ADA' });

async function store(by: VaultDeps, merchantId: string, pan: string): Promise<string> {
  const sealed = await sealCard(by, { merchantId, card: newCard(pan) });
  await database.transaction((tx) => storeCard(tx, sealed, clock.now()));
  return sealed.cardId;
}

/** Six cards of two merchants. */
async function fill(): Promise<{ merchantId: string; cardId: string; pan: string }[]> {
  const made: { merchantId: string; cardId: string; pan: string }[] = [];
  for (const merchantId of ['M1', 'M2']) {
    for (const pan of numbers) made.push({ merchantId, pan, cardId: await store(deps, merchantId, pan) });
  }
  return made;
}

const panOf = (by: VaultDeps, card: { merchantId: string; cardId: string }) =>
  withCard(by, { ...card, purpose: 'purchase', reference: 'att-1' }, async ({ pan }) => pan.toString());

async function allOpen(made: readonly { merchantId: string; cardId: string; pan: string }[], by: VaultDeps) {
  expect(await Promise.all(made.map((card) => panOf(by, card)))).toEqual(made.map(({ pan }) => pan));
  for (const report of await verifyVault(by, places)) expect(report.broken, report.noun).toEqual([]);
}

const onOldKeys = async () => {
  const reports = await verifyVault(await process(), places);
  return reports.reduce((sum, report) => sum + report.onOldKeys, 0);
};

describe('after a rotation', () => {
  test.each<KeyPurpose>(['card', 'fingerprint'])(
    'of %s keys nothing hangs on an old key, and old ones can go',
    async (purpose) => {
      const made = await fill();
      const before = await run<Record<string, Buffer>>('select sealed, fingerprint from vault_card');
      clock.moveTo(new Date(start.getTime() + 1_000));
      expect(await rotateDataKeys(deps, purpose, places, fast)).toMatchObject({ moved: 6, broken: [], left: 0 });
      expect(await onOldKeys()).toBe(0);
      const column = purpose === 'card' ? 'sealed' : 'fingerprint';
      const after = await run<Record<string, Buffer>>('select sealed, fingerprint from vault_card');
      const seen = before.map((row) => row[column]?.toString('hex'));
      for (const row of after) expect(seen).not.toContain(row[column]?.toString('hex'));
      clock.moveTo(new Date(start.getTime() + 120_000));
      const gone = await retireKeys(deps, { keep: false });
      expect(gone.map(({ verdict }) => verdict)).toEqual(['retired', 'retired']);
      await allOpen(made, await process());
    },
  );

  test('of the KEK every data key is wrapped by the new one, and the old one is needed no more', async () => {
    const made = await fill();
    addKek();
    clock.moveTo(new Date(start.getTime() + 1_000));
    expect(await rotateKek(deps, fast)).toMatchObject({ moved: 4, broken: [], left: 0 });
    clock.moveTo(new Date(start.getTime() + 120_000));
    expect(await retireKeys(deps, { keep: false })).toMatchObject([{ kind: 'KEK', verdict: 'retired' }]);
    keks.shift();
    await allOpen(made, await process());
  });

  test('a gateway that ran all the time reads every card and seals with the new keys, without a restart', async () => {
    const made = await fill();
    const gateway = await process();
    await panOf(gateway, made[0] ?? { merchantId: '', cardId: '' });
    await store(gateway, 'M1', numbers[0] ?? '');
    addKek();
    clock.moveTo(new Date(start.getTime() + 1_000));
    const operator = await process();
    await rotateKek(operator, fast);
    for (const purpose of ['card', 'fingerprint'] as const) await rotateDataKeys(operator, purpose, places, fast);
    clock.moveTo(new Date(start.getTime() + 120_000));
    await retireKeys(operator, { keep: false });
    await allOpen(made, gateway);
    await store(gateway, 'M1', numbers[1] ?? '');
    expect(await onOldKeys()).toBe(0);
  });
});

describe('while keys rotate', () => {
  test('one card is known again under the old and the new fingerprint key', async () => {
    const old = await store(deps, 'M1', numbers[0] ?? '');
    clock.moveTo(new Date(start.getTime() + 10_000));
    await rotateDataKeys(deps, 'fingerprint', [], fast);
    const fresh = await store(deps, 'M1', numbers[0] ?? '');
    const keys = await run<{ n: number }>('select count(distinct fingerprint_key_id)::int as n from vault_card');
    expect(keys).toEqual([{ n: 2 }]);
    const same = (merchantId: string) => findSameCards(deps, { merchantId, card: newCard(numbers[0] ?? '') });
    expect(await same('M1')).toEqual([old, fresh]);
    expect(await same('M2')).toEqual([]);
  });

  test('a card that was erased stays erased', async () => {
    await fill();
    const held = await run<{ card_id: string }>('select card_id from vault_card limit 1');
    clock.moveTo(new Date(start.getTime() + 1_000));
    const seen: number[] = [];
    await rotateDataKeys(deps, 'card', places, {
      ...fast,
      onProgress: ({ done }) => {
        if (seen.push(done) === 1) void run(`delete from vault_card where card_id = '${held[0]?.card_id}'`);
      },
    });
    expect(await run('select from vault_card')).toHaveLength(5);
    expect(await onOldKeys()).toBe(0);
  });

  test('the slow lane keeps to its rate', async () => {
    await fill();
    const options = { ...fast, rowsPerSecond: 30, onProgress: () => clock.moveTo(new Date(clock.now().getTime() + 1)) };
    const since = performance.now();
    clock.moveTo(new Date(start.getTime() + 1_000));
    await rotateDataKeys(deps, 'card', places, options);
    expect(performance.now() - since).toBeGreaterThan(150);
  });
});

describe('a key is not retired', () => {
  test('while anything hangs on it, nor before a minute has passed, nor when it is only asked', async () => {
    await fill();
    clock.moveTo(new Date(start.getTime() + 1_000));
    await rotateDataKeys(deps, 'card', [], fast);
    const verdicts = async (keep: boolean) => (await retireKeys(deps, { keep })).map(({ verdict }) => verdict);
    expect(await verdicts(false)).toEqual(['young', 'young']);
    clock.moveTo(new Date(start.getTime() + 120_000));
    expect(await verdicts(false)).toEqual(['used', 'used']);
    await run(`delete from vault_card where merchant_id = 'M1'`);
    expect(await verdicts(true)).toEqual(['retired', 'used']);
    expect(await verdicts(false)).toEqual(['retired', 'used']);
    expect(await run('select key_id from vault_retired_key')).toHaveLength(1);
  });

  test('and a retired KEK is never taken for a new one', async () => {
    await fill();
    const message = 'the key file ends with a key that is in use already';
    await expect(rotateKek(deps, fast)).rejects.toThrow(message);
    addKek();
    clock.moveTo(new Date(start.getTime() + 1_000));
    await rotateKek(deps, fast);
    clock.moveTo(new Date(start.getTime() + 120_000));
    await retireKeys(deps, { keep: false });
    keks.reverse();
    await expect(rotateKek(deps, fast)).rejects.toThrow(message);
  });
});

test('a row that does not open is named, stays as it was, and the rotation stays unfinished', async () => {
  const made = await fill();
  const victim = made[2]?.cardId;
  await run(
    `update vault_card set sealed = set_bit(sealed, 999, 1 - get_bit(sealed, 999)) where card_id = '${victim}'`,
  );
  clock.moveTo(new Date(start.getTime() + 1_000));
  const result = await rotateDataKeys(deps, 'card', places, fast);
  expect(result).toMatchObject({ moved: 5, broken: [victim], left: 1 });
  const reports = await verifyVault(deps, places);
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
    const made = await fill();
    const rotate = (by: VaultDeps) => (kind === 'kek' ? rotateKek(by, fast) : rotateDataKeys(by, kind, places, fast));
    let kills = 0;
    for (let nth = 1; nth < 100; nth++) {
      clock.moveTo(new Date(clock.now().getTime() + 1_000));
      if (kind === 'kek' && (await run('select from vault_rotation where finished_at is null')).length === 0) addKek();
      const whole = await process();
      const died = await rotate({ ...whole, database: dyingAt(nth) }).then(
        () => false,
        (error: Error) => error.message === 'killed',
      );
      await allOpen(made.slice(0, 2), await process());
      if (!died) break;
      kills += 1;
      const { left } = await rotate(whole).catch((error: Error) => {
        // Killed after its last statement but one, it had nothing left to do.
        if (!error.message.includes('in use already')) throw error;
        return { left: 0 };
      });
      expect(left).toBe(0);
      expect(await onOldKeys()).toBe(0);
    }
    expect(kills).toBeGreaterThan(5);
    expect(kills).toBeLessThan(99);
    await allOpen(made, await process());
  },
);
