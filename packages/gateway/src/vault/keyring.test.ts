import { inspect } from 'node:util';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/kit/database.ts';
import { newTestKek } from '../../../../test/kit/kek.ts';
import { realClock, VirtualClock } from '../clock.ts';
import { newRowId } from '../id.ts';
import { openDatabase } from '../storage/postgres.ts';
import { heldKeks } from './kek.ts';
import {
  isSealed,
  KeyGone,
  type KeyPurpose,
  type Keyring,
  keyPurposes,
  noticeMs,
  openKeyring,
  withItsKey,
} from './keyring.ts';
import { rotateDataKeys } from './rotate.ts';
import { SealBroken } from './seal.ts';

const clock = realClock;
const newKek = newTestKek;

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
beforeEach(() => run('truncate vault_kek cascade'));

const run = <Row>(text: string, values: unknown[] = []) =>
  database.rows<Row>({ name: `test/${text}`.slice(0, 60), text }, values);
const messageOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'opened',
    (error: Error) => error.message,
  );

describe('the KEK', () => {
  test('that a database sees first is the one it belongs to', async () => {
    const kek = newKek();
    expect(await isSealed(database)).toBe(false);
    await openKeyring({ database, kek, clock });
    await openKeyring({ database, kek, clock });
    expect(await isSealed(database)).toBe(true);
    expect(await run('select kek_id from vault_kek')).toEqual([{ kek_id: kek.kekId }]);
  });

  test('that is another one refuses to start, in one sentence, and leaves no trace', async () => {
    await openKeyring({ database, kek: newKek(), clock });
    const before = await run('select * from vault_kek');
    expect(await messageOf(openKeyring({ database, kek: newKek(), clock }))).toBe(
      'the key file holds another key than the one this database was sealed with; put the right key file back',
    );
    expect(await run('select * from vault_kek')).toEqual(before);
  });

  test('whose id is right and whose bytes are not refuses to start', async () => {
    const kek = newKek();
    await openKeyring({ database, kek, clock });
    const impostor = heldKeks('the key file', async () => [{ kekId: kek.kekId, key: newKek().key }]);
    expect(await messageOf(openKeyring({ database, kek: impostor, clock }))).toBe(
      'the database was tampered with: its check value of the key file is broken; restore a backup',
    );
  });

  test('is one, when many first starts with different key files meet', async () => {
    const keks = Array.from({ length: 6 }, newKek);
    const starts = await Promise.all(keks.map((kek) => messageOf(openKeyring({ database, kek, clock }))));
    expect(starts.filter((message) => message === 'opened')).toHaveLength(1);
    expect(await run('select kek_id from vault_kek')).toEqual([{ kek_id: keks[starts.indexOf('opened')]?.kekId }]);
  });

  test('is one, when many first starts with the same key file meet', async () => {
    const kek = newKek();
    const starts = Array.from({ length: 6 }, () => messageOf(openKeyring({ database, kek, clock })));
    expect(new Set(await Promise.all(starts))).toEqual(new Set(['opened']));
  });
});

describe('a data key', () => {
  const purposes: readonly KeyPurpose[] = ['card', 'session', 'secret', 'fingerprint'];

  test('is of one merchant and one purpose, and stays the same over restarts', async () => {
    const kek = newKek();
    const keyring = await openKeyring({ database, kek, clock });
    const places = ['', 'M1', 'M2'].flatMap((merchant) => purposes.map((purpose) => [merchant, purpose] as const));
    const keysOf = (ring: Keyring) =>
      Promise.all(places.map(async (place) => (await ring.dataKey(...place)).key.export().toString('hex')));
    const first = await keysOf(keyring);
    expect(new Set(first).size).toBe(places.length);
    expect(first.every((key) => key.length === 64)).toBe(true);
    expect(await keysOf(keyring)).toEqual(first);
    expect(await keysOf(await openKeyring({ database, kek, clock }))).toEqual(first);
    expect(await run('select from vault_data_key')).toHaveLength(places.length);
  });

  test('is found by its id after a newer one was made, by its merchant only', async () => {
    const kek = newKek();
    const older = await openKeyring({ database, kek, clock: new VirtualClock(new Date('2026-01-01')) });
    const first = await older.dataKey('M1', 'card');
    // What a rotation leaves behind: the first key is old, and the next one is the newest.
    await run("update vault_data_key set purpose = 'retired'");
    const second = await older.dataKey('M1', 'card');
    expect(second.keyId).toBe(first.keyId);
    const keyring = await openKeyring({ database, kek, clock });
    expect((await keyring.dataKey('M1', 'card')).keyId).not.toBe(first.keyId);
    await run("update vault_data_key set purpose = 'card' where purpose = 'retired'");
    expect((await keyring.dataKeyById(database, 'M1', first.keyId)).key.equals(first.key)).toBe(true);
    for (const [merchantId, keyId] of [
      ['M2', first.keyId],
      ['M1', newRowId()],
    ] as const) {
      const attempt = messageOf(keyring.dataKeyById(database, merchantId, keyId));
      expect(await attempt).toBe('a sealed value names a data key that is not there');
    }
  });

  test('is the newest of several', async () => {
    const kek = newKek();
    const makeAt = async (day: string) => {
      await run("update vault_data_key set purpose = 'hidden'");
      const ring = await openKeyring({ database, kek, clock: new VirtualClock(new Date(day)) });
      return ring.dataKey('M1', 'card');
    };
    const newest = await makeAt('2026-03-01');
    await makeAt('2026-01-01');
    await makeAt('2026-02-01');
    await run("update vault_data_key set purpose = 'card'");
    const keyring = await openKeyring({ database, kek, clock });
    expect((await keyring.dataKey('M1', 'card')).keyId).toBe(newest.keyId);
  });

  test('is made once, when two gateways need it at the same moment', async () => {
    const kek = newKek();
    const others = await Promise.all([1, 2].map(() => openDatabase({ url: database.url, poolSize: 4 })));
    try {
      const rings = await Promise.all(others.map((other) => openKeyring({ database: other, kek, clock })));
      const merchants = Array.from({ length: 40 }, (_, i) => `M${i}`);
      const made = await Promise.all(
        merchants.map((merchant) => Promise.all([...rings, ...rings].map((ring) => ring.dataKey(merchant, 'card')))),
      );
      for (const keys of made) expect(new Set(keys.map(({ key }) => key.export().toString('hex'))).size).toBe(1);
      expect(await run('select from vault_data_key')).toHaveLength(merchants.length);
    } finally {
      for (const other of others) await other.close();
    }
  });

  test('that could not be made is made on the next try', async () => {
    const keyring = await openKeyring({ database, kek: newKek(), clock });
    await run('alter table vault_data_key rename to elsewhere');
    try {
      expect(await messageOf(keyring.dataKey('M1', 'card'))).not.toBe('opened');
    } finally {
      await run('alter table elsewhere rename to vault_data_key');
    }
    expect(await messageOf(keyring.dataKey('M1', 'card'))).toBe('opened');
  });
});

describe('a data key that has sealed enough', () => {
  const limits = { sealsPerKey: 6, sealsPerBlock: 3 };
  const sealers = (keyring: Keyring, times: number) =>
    Promise.all(Array.from({ length: times }, async () => (await keyring.dataKey('M1', 'card')).keyId));

  test('is followed by a new one, by itself, and opens what it sealed for ever', async () => {
    const kek = newKek();
    const keyring = await openKeyring({ database, kek, clock, limits });
    const used: string[] = [];
    for (let times = 0; times < 13; times++) used.push((await keyring.dataKey('M1', 'card')).keyId);
    const [first = '', second = '', third = ''] = new Set(used);
    expect(used).toEqual([...Array(6).fill(first), ...Array(6).fill(second), third]);
    const other = await openKeyring({ database, kek, clock, limits });
    for (const keyId of [first, second, third]) {
      expect((await other.dataKeyById(database, 'M1', keyId)).keyId).toBe(keyId);
    }
  });

  test('seals no more than it may, though two gateways use it at once', async () => {
    const kek = newKek();
    const keyrings = await Promise.all([1, 2].map(() => openKeyring({ database, kek, clock, limits })));
    const used = (await Promise.all(keyrings.map((keyring) => sealers(keyring, 20)))).flat();
    for (const keyId of new Set(used)) expect(used.filter((one) => one === keyId).length).toBeLessThanOrEqual(6);
  });

  test('loses what was left of its block with a process that dies, and never counts it twice', async () => {
    const kek = newKek();
    const used: string[] = [];
    for (let start = 0; start < 3; start++) {
      used.push(...(await sealers(await openKeyring({ database, kek, clock, limits }), 1)));
    }
    expect(new Set(used.slice(0, 2)).size).toBe(1);
    expect(used[2]).not.toBe(used[0]);
  });
});

describe('a wrapped key that was moved does not open', () => {
  const tamperings: Record<string, string> = {
    'to another merchant': `update vault_data_key set merchant_id = 'M2' where merchant_id = 'M1'`,
    'to another purpose': `update vault_data_key set purpose = 'session' where merchant_id = 'M1'`,
    'under another id': `update vault_data_key set data_key_id = gen_random_uuid() where merchant_id = 'M1'`,
    'from another row': `update vault_data_key k set wrapped = other.wrapped from vault_data_key other
      where k.merchant_id = 'M1' and other.merchant_id = 'M3'`,
    'by one bit': `update vault_data_key set wrapped = set_bit(wrapped, 400, 1 - get_bit(wrapped, 400))`,
  };

  test.each(Object.keys(tamperings))('%s', async (tampering) => {
    const kek = newKek();
    const first = await openKeyring({ database, kek, clock });
    for (const merchant of ['M1', 'M3']) await first.dataKey(merchant, 'card');
    await run(tamperings[tampering] ?? '');
    const keyring = await openKeyring({ database, kek, clock });
    const [row] = await run<{ merchant_id: string; data_key_id: string; purpose: KeyPurpose }>(
      `select merchant_id, data_key_id, purpose from vault_data_key where merchant_id <> 'M3'`,
    );
    if (row === undefined) throw new Error('the tampered row is gone');
    await expect(keyring.dataKey(row.merchant_id, row.purpose)).rejects.toThrow(SealBroken);
    await expect(keyring.dataKeyById(database, row.merchant_id, row.data_key_id)).rejects.toThrow(SealBroken);
  });
});

test('no key is in the database or in what is printed', async () => {
  const kek = newKek();
  const keyring = await openKeyring({ database, kek, clock });
  const { key, keyId } = await keyring.dataKey('M1', 'card');
  const rows = await run<{ line: string }>('select k::text || d::text as line from vault_kek k, vault_data_key d');
  const seen = `${rows[0]?.line} ${inspect([keyring, key], { showHidden: true, depth: 9 })} ${JSON.stringify({ key })}`;
  expect(seen).toContain(keyId);
  for (const secret of [key, kek.key]) {
    expect(seen).not.toContain(secret.export().toString('hex'));
    expect(seen).not.toContain(secret.export().toString('base64'));
  }
});

describe('a key that only hashes', () => {
  test.each(['fingerprint', 'audit'] as const)('of purpose %s is not worn out, and is not counted', async (purpose) => {
    const keyring = await openKeyring({ database, kek: newKek(), clock, limits: { sealsPerKey: 4, sealsPerBlock: 2 } });
    const first = await keyring.dataKey('M1', purpose);
    for (let use = 0; use < 12; use++) expect((await keyring.dataKey('M1', purpose)).keyId).toBe(first.keyId);
    expect(await run('select seals from vault_data_key')).toEqual([{ seals: 0n }]);
  });
});

describe('a key in memory', () => {
  /** A provider that counts what it unwraps. */
  function counting() {
    const kek = newKek();
    const unwrapped: string[] = [];
    const provider: typeof kek = {
      ...kek,
      unwrap: (kekId, binding, wrapped) => {
        unwrapped.push(binding.recordId);
        return kek.unwrap(kekId, binding, wrapped);
      },
    };
    return { provider, unwrapped };
  }

  test('is unwrapped once, and for each merchant its own', async () => {
    const { provider, unwrapped } = counting();
    const maker = await openKeyring({ database, kek: provider, clock });
    const keys = await Promise.all(['M1', 'M2'].map((merchantId) => maker.dataKey(merchantId, 'card')));
    const keyring = await openKeyring({ database, kek: provider, clock });
    unwrapped.length = 0;
    for (const merchantId of ['M1', 'M2', 'M1', 'M2']) {
      const made = keys[merchantId === 'M1' ? 0 : 1];
      const found = await keyring.dataKeyById(database, merchantId, made?.keyId ?? '');
      expect(found.key.equals(made?.key as never)).toBe(true);
      expect((await keyring.dataKeys(merchantId, 'card')).map(({ keyId }) => keyId)).toEqual([made?.keyId]);
    }
    expect(unwrapped).toHaveLength(2);
  });

  test('that is still the newest goes on with the block that was counted', async () => {
    const moving = new VirtualClock(new Date('2026-11-23T12:00:00Z'));
    const keyring = await openKeyring({ database, kek: newKek(), clock: moving });
    const first = await keyring.dataKey('M1', 'card');
    moving.moveTo(new Date(moving.now().getTime() + 10 * noticeMs));
    expect((await keyring.dataKey('M1', 'card')).keyId).toBe(first.keyId);
    expect(await run('select seals from vault_data_key')).toEqual([{ seals: 1_024n }]);
  });

  test('is asked for anew when its time to be noticed is over, and not before', async () => {
    const moving = new VirtualClock(new Date('2026-11-23T12:00:00Z'));
    const kek = newKek();
    const keyring = await openKeyring({ database, kek, clock: moving });
    const first = await keyring.dataKey('M1', 'audit');
    await run(`update vault_data_key set created_at = created_at - interval '1 day'`);
    const other = await openKeyring({ database, kek, clock: moving });
    await rotateDataKeys({ database, kek, keyring: other, clock: moving }, 'audit' as KeyPurpose, [], { settleMs: 0 });
    moving.moveTo(new Date(moving.now().getTime() + noticeMs - 1));
    expect((await keyring.dataKey('M1', 'audit')).keyId).toBe(first.keyId);
    moving.moveTo(new Date(moving.now().getTime() + 1));
    expect((await keyring.dataKey('M1', 'audit')).keyId).not.toBe(first.keyId);
  });
});

describe('a value whose key was retired since it was read', () => {
  test('is read again, once; another failure is not', async () => {
    const reads = (failure: Error) => {
      let count = 0;
      const read = () => {
        count += 1;
        return count === 1 ? Promise.reject(failure) : Promise.resolve('read');
      };
      return withItsKey(read).then(
        (found) => `${found} after ${count}`,
        (error: Error) => `${error.name} after ${count}`,
      );
    };
    expect(await reads(new KeyGone('gone'))).toBe('read after 2');
    expect(await reads(new SealBroken())).toBe('SealBroken after 1');
    expect(new KeyGone('gone').name).toBe('KeyGone');
  });
});

test('every purpose whose keys are rotated is on the list', () => {
  expect(keyPurposes).toEqual(['card', 'fingerprint', 'secret', 'session']);
});
