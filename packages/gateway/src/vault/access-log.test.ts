import { createHash, generateKeyPairSync } from 'node:crypto';
import { sign, verify } from '@waffo/protocol/signature';
import { beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../../test/kit/database.ts';
import { newTestKek } from '../../../../test/kit/kek.ts';
import { VirtualClock } from '../clock.ts';
import { newRowId } from '../id.ts';
import type { Sql } from '../storage/database.ts';
import { type AnchorSigner, anchorChains, anchorDaily, anchorsIn, printedAnchor } from './access-anchor.ts';
import type { Access } from './access-entry.ts';
import { appendAccesses, appendAfterGuess, auditKey, endIsGuessed, recordAccess } from './access-log.ts';
import { type Keyring, openKeyring } from './keyring.ts';
import { listAccesses } from './list-accesses.ts';
import { verifyAccessLog } from './verify-access-log.ts';

const database = await freshDatabase();
const clock = new VirtualClock(new Date('2026-11-23T12:00:00.123Z'));
const kek = newTestKek();
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const signer: AnchorSigner = {
  sign: async (bytes) => sign(bytes, pair.privateKey),
  verify: async (bytes, signature) => verify(bytes, signature, pair.publicKey),
};
let keyring: Keyring;
let deps: { database: typeof database; keyring: Keyring; clock: VirtualClock };

const run = <Row>(sql: Sql, text: string, values: unknown[] = []) =>
  sql.rows<Row>({ name: createHash('md5').update(text).digest('hex'), text }, values);

beforeEach(async () => {
  await run(database, 'truncate access_entry, access_chain, access_anchor');
  keyring = await openKeyring({ database, kek, clock });
  deps = { database, keyring, clock };
});

const use = (number = 0, merchantId = 'M1'): Access => ({
  merchantId,
  actor: 'gateway',
  act: 'card.use',
  purpose: 'purchase',
  cardId: newRowId(),
  tokenId: `tok_${number % 7}`,
  subject: `order/A${number}`,
  reference: `attempt-${number}`,
});

async function write(entries: number, merchantId = 'M1') {
  const key = await auditKey(deps, merchantId);
  const accesses = Array.from({ length: entries }, (_, number) => use(number, merchantId));
  await database.transaction((tx) => appendAccesses(tx, key, merchantId, accesses, clock.now()));
}

const verifyAll = (sql: Sql = database, printed = [] as Parameters<typeof verifyAccessLog>[2]) =>
  verifyAccessLog({ database: sql, keyring }, signer, printed);

/** What the walk finds of M1 after `tamper`, which is undone. */
async function findingAfter(tamper: (sql: Sql) => Promise<unknown>, printed: string[] = []) {
  const undone = new Error('undone');
  let found: Awaited<ReturnType<typeof verifyAll>> = [];
  const attempt = database.transaction(async (tx) => {
    await tamper(tx);
    found = await verifyAll(tx, printed.flatMap(anchorsIn));
    throw undone;
  });
  await expect(attempt).rejects.toBe(undone);
  return found.find(({ merchantId }) => merchantId === 'M1')?.fault;
}

const length = 40;
const anchoredAt = 30;

async function writeAnchored(): Promise<string> {
  await write(anchoredAt);
  const [anchor] = await anchorChains(deps, signer);
  await write(length - anchoredAt);
  if (anchor === undefined) throw new Error('no anchor was made');
  return printedAnchor(anchor);
}

describe('a log that nobody touched', () => {
  test('is whole, chain by chain, also with entries of keys that came later', async () => {
    await write(3);
    await write(2, 'M2');
    await recordAccess(deps, { merchantId: '', actor: 'operator:ada', act: 'log.read' });
    await anchorChains(deps, signer);
    expect(await verifyAll()).toMatchObject([
      { merchantId: '', entries: 1n, anchors: 1, fault: undefined },
      { merchantId: 'M1', entries: 3n, anchors: 1, fault: undefined },
      { merchantId: 'M2', entries: 2n, anchors: 1, fault: undefined },
    ]);
  });

  test('is whole when two gateways wrote 300 entries of one merchant at the same time', async () => {
    const other = { ...deps, keyring: await openKeyring({ database, kek, clock }) };
    await Promise.all(Array.from({ length: 300 }, (_, n) => recordAccess(n % 2 === 0 ? deps : other, use(n))));
    expect(await verifyAll()).toMatchObject([{ merchantId: 'M1', entries: 300n, fault: undefined }]);
    const listed = await listAccesses(deps, { merchantId: 'M1', limit: 500 });
    expect(new Set(listed.map(({ reference }) => reference)).size).toBe(300);
  });

  test('takes entries that arrive together in a few writes: a busy merchant does not wait in line', async () => {
    await auditKey(deps, 'M1');
    let writes = 0;
    const counting = {
      ...database,
      transaction: <T>(work: (tx: never) => Promise<T>) => {
        writes += 1;
        return database.transaction(work as never) as Promise<T>;
      },
    };
    await Promise.all(Array.from({ length: 150 }, (_, n) => recordAccess({ ...deps, database: counting }, use(n))));
    expect(writes).toBeLessThanOrEqual(2);
    expect(await verifyAll()).toMatchObject([{ entries: 150n, fault: undefined }]);
  });

  test('goes on after a write that failed, and whoever waited for that one hears of it', async () => {
    const failing = { ...deps, database: { ...database, transaction: () => Promise.reject(new Error('away')) } };
    const [first, second] = [recordAccess(failing, use(1)), recordAccess(failing, use(2))];
    await expect(first).rejects.toThrow('away');
    await expect(second).rejects.toThrow('away');
    await recordAccess(deps, use(3));
    expect(await verifyAll()).toMatchObject([{ entries: 1n, fault: undefined }]);
  });

  test('tells of one token who used its card, why and for which order', async () => {
    await write(10);
    expect(await listAccesses(deps, { merchantId: 'M1', tokenId: 'tok_2', limit: 9 })).toMatchObject([
      {
        sequence: 10,
        reference: 'attempt-9',
        at: '2026-11-23T12:00:00.123Z',
        purpose: 'purchase',
        subject: 'order/A9',
      },
      { sequence: 3, reference: 'attempt-2', actor: 'gateway', act: 'card.use' },
    ]);
  });
});

describe('anchors', () => {
  test('are made once a day by a job that comes back by itself, and go to the log as they can be read again', async () => {
    await write(3);
    await recordAccess(deps, { merchantId: '', actor: 'operator:ada', act: 'log.read' });
    // A merchant that ever had an end and no entry has nothing to anchor.
    await run(database, `insert into access_chain values ('M9', 0, '\\x00')`);
    const lines: string[] = [];
    const { retryAt } = await anchorDaily({ ...deps, log: { info: (line) => lines.push(line) } }, signer);
    expect(retryAt.toISOString()).toBe('2026-11-24T12:00:00.123Z');
    expect(anchorsIn(lines.join('\n'))).toMatchObject([
      { merchantId: '', sequence: 1n },
      { merchantId: 'M1', sequence: 3n },
    ]);
    expect(lines[0]).toMatch(/^waffo-anchor\/1 - 1 \S{43} 2026-11-23T12:00:00\.123Z /);
    expect(anchorsIn('no anchor in here')).toEqual([]);
  });
});

type Chance = (below: number) => number;

const columns = ['at', 'actor', 'act', 'purpose', 'card_id', 'token_id', 'subject', 'reference', 'mac'] as const;
const edits: Record<(typeof columns)[number], string> = {
  at: `at + interval '1 microsecond'`,
  actor: `actor || ' '`,
  act: `'log.read'`,
  purpose: 'null',
  card_id: 'gen_random_uuid()',
  token_id: `'tok_other'`,
  subject: `coalesce(subject, '') || '0'`,
  reference: `''`,
  mac: 'set_bit(mac, 77, 1 - get_bit(mac, 77))',
};
const all = 'at, actor, act, purpose, card_id, token_id, subject, reference, data_key_id, mac';
const mine = `merchant_id = 'M1'`;
const shift = async (sql: Sql, from: number, by: number) => {
  await run(sql, `update access_entry set sequence = sequence + 1000000 where ${mine} and sequence >= $1`, [from]);
  await run(sql, `update access_entry set sequence = sequence - 1000000 + $1 where ${mine} and sequence > 1000000`, [
    by,
  ]);
};

/** Each answers which entry is the first that is not what was written. */
const tamperings: Record<string, (sql: Sql, chance: Chance) => Promise<number>> = {
  async edit(sql, chance) {
    const at = 1 + chance(length);
    const column = columns[chance(columns.length)] ?? 'at';
    await run(sql, `update access_entry set ${column} = ${edits[column]} where ${mine} and sequence = $1`, [at]);
    return at;
  },
  async delete(sql, chance) {
    const at = 1 + chance(length);
    await run(sql, `delete from access_entry where ${mine} and sequence = $1`, [at]);
    return at;
  },
  async 'delete and close the gap'(sql, chance) {
    const at = 1 + chance(length);
    await run(sql, `delete from access_entry where ${mine} and sequence = $1`, [at]);
    await shift(sql, at, -1);
    return at;
  },
  async insert(sql, chance) {
    const at = 1 + chance(length + 1);
    const like = 1 + chance(length);
    await shift(sql, at, 1);
    const copied = like >= at ? like + 1 : like;
    await run(
      sql,
      `insert into access_entry (merchant_id, sequence, ${all})
       select merchant_id, $1, ${all} from access_entry where ${mine} and sequence = $2`,
      [at, copied],
    );
    // A copy put before its original is what was written there; the original is then the one that is wrong.
    return like === at ? at + 1 : at;
  },
  async swap(sql, chance) {
    const first = 1 + chance(length - 1);
    const second = first + 1 + chance(length - first);
    await run(
      sql,
      `update access_entry e set (${all}) = (select ${all} from access_entry o
         where o.merchant_id = 'M1' and o.sequence = $1::bigint + $2::bigint - e.sequence)
       where ${mine} and sequence in ($1, $2)`,
      [first, second],
    );
    return first;
  },
  async 'cut the tail'(sql, chance) {
    const kept = chance(length);
    await run(sql, `delete from access_entry where ${mine} and sequence > $1`, [kept]);
    return kept + 1;
  },
  async 'cut below the anchor and set the end back'(sql, chance) {
    const kept = 1 + chance(anchoredAt - 1);
    await run(sql, `delete from access_entry where ${mine} and sequence > $1`, [kept]);
    await run(
      sql,
      `update access_chain set (sequence, mac) = (select sequence, mac from access_entry where ${mine} and sequence = $1)
       where ${mine}`,
      [kept],
    );
    return kept + 1;
  },
};

const trials = 500;

describe('a log that somebody with the database changed', () => {
  test(`is found out in ${trials} of ${trials} cases, and the first bad entry is named`, async () => {
    await writeAnchored();
    expect(await findingAfter(async () => {})).toBeUndefined();
    // A fixed seed: the same cases every time.
    let state = 20261123;
    const chance: Chance = (below) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    const names = Object.keys(tamperings);
    const wrong: string[] = [];
    for (let trial = 0; trial < trials; trial++) {
      const name = names[trial % names.length] ?? '';
      let due = 0;
      const found = await findingAfter(async (sql) => {
        due = (await tamperings[name]?.(sql, chance)) ?? 0;
      });
      if (found?.sequence !== BigInt(due)) wrong.push(`${name}: ${due} was due, found ${found?.sequence}`);
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  test('is found out by a printed anchor also when the anchors in the database were deleted with it', async () => {
    const printed = await writeAnchored();
    const cut = async (sql: Sql) => {
      await tamperings['cut below the anchor and set the end back']?.(sql, () => 9);
      await run(sql, 'delete from access_anchor');
    };
    expect(await findingAfter(cut)).toBeUndefined();
    expect(await findingAfter(cut, [`{"msg":"${printed}"}\n`])).toMatchObject({ sequence: 11n, kind: 'missing' });
  });

  test.each<[string, (sql: Sql) => Promise<unknown>, string]>([
    [
      'an edited entry',
      (sql) => run(sql, `update access_entry set actor = 'x' where ${mine} and sequence = 7`),
      'entry 7 is not what was written: it was edited, inserted or moved',
    ],
    [
      'a deleted entry',
      (sql) => run(sql, `delete from access_entry where ${mine} and sequence = 7`),
      'entry 7 was deleted',
    ],
    [
      'a tail that was cut off',
      (sql) => run(sql, `delete from access_entry where ${mine} and sequence > 35`),
      'entry 36 and what followed was cut off: the end of the chain knows more',
    ],
    [
      'a tail that was cut off below an anchor',
      (sql) => run(sql, `delete from access_entry where ${mine} and sequence > 7`),
      'entry 8 and what followed was cut off: the anchor at 30 of 2026-11-23T12:00:00.123Z knows more',
    ],
    [
      'an end that was set back',
      (sql) =>
        run(
          sql,
          `update access_chain set (sequence, mac) =
             (select sequence, mac from access_entry where ${mine} and sequence = 35) where ${mine}`,
        ),
      'entry 36 is not what was written: the end of the chain was set back before it',
    ],
    [
      'an end that is gone',
      (sql) => run(sql, `delete from access_chain where ${mine}`),
      'entry 1 is not what was written: the end of the chain was set back before it',
    ],
    [
      'an end with another check value',
      (sql) => run(sql, `update access_chain set mac = set_bit(mac, 7, 1 - get_bit(mac, 7)) where ${mine}`),
      'entry 40 is not what was written: the end of the chain knows another',
    ],
    [
      'an anchor that somebody moved',
      (sql) => run(sql, `update access_anchor set sequence = 29`),
      'the anchor at 29 of 2026-11-23T12:00:00.123Z was not signed by this platform',
    ],
    [
      'an audit key that was tampered with',
      (sql) =>
        run(
          sql,
          `update vault_data_key set wrapped = set_bit(wrapped, 400, 1 - get_bit(wrapped, 400)) where purpose = 'audit'`,
        ),
      'entry 1 is not what was written: its audit key does not open',
    ],
  ])('is told of in one sentence: %s', async (_, tamper, sentence) => {
    await writeAnchored();
    // Another process, which has no audit key in memory.
    keyring = await openKeyring({ database, kek, clock });
    expect((await findingAfter(tamper))?.text).toBe(sentence);
  });

  test('and a database that is away is no finding', async () => {
    await writeAnchored();
    const away = { ...keyring, dataKeyById: () => Promise.reject(new Error('away')) };
    await expect(verifyAccessLog({ database, keyring: away }, signer)).rejects.toThrow('away');
  });

  test('is found out when a whole chain is gone', async () => {
    const printed = await writeAnchored();
    const erase = async (sql: Sql) => {
      for (const table of ['access_entry', 'access_chain', 'access_anchor']) await run(sql, `delete from ${table}`);
    };
    expect(await findingAfter(erase, [printed])).toMatchObject({ sequence: 1n, kind: 'missing' });
  });

  test('is not cleared by an anchor that the platform did not sign', async () => {
    await writeAnchored();
    const moved = (sql: Sql) => run(sql, 'update access_anchor set sequence = sequence - 5');
    expect(await findingAfter(moved)).toMatchObject({ kind: 'false-anchor' });
  });

  test('stops the acts of that merchant when the end was set back, for no entry can follow', async () => {
    await writeAnchored();
    await run(database, `update access_chain set sequence = 20`);
    await expect(recordAccess(deps, use())).rejects.toThrow();
    expect((await verifyAll())[0]?.fault).toBeDefined();
  });
});

describe('an entry that is appended without a look at the end of its chain', () => {
  const whole = (entries: bigint) => ({ merchantId: 'M1', entries, anchors: 0, fault: undefined });
  const append = (of: { readonly keyring: Keyring }, ...accesses: Access[]) =>
    auditKey({ ...deps, ...of }, 'M1').then((key) =>
      database.atOnce((tx) => appendAfterGuess(tx, key, 'M1', accesses, clock.now())),
    );

  test('goes where this process last saw the end', async () => {
    await write(2);
    await append(deps, use(), use());
    await append(deps, use());
    expect(await verifyAll()).toEqual([whole(5n)]);
  });

  test('is refused when another process moved the end, and the chain stays whole', async () => {
    const other = { keyring: await openKeyring({ database, kek, clock }) };
    await write(1);
    const othersKey = await auditKey({ ...deps, ...other }, 'M1');
    await database.transaction((tx) => appendAccesses(tx, othersKey, 'M1', [use()], clock.now()));
    await expect(append(deps, use())).rejects.toThrow();
    expect(endIsGuessed(await auditKey(deps, 'M1'))).toBe(false);
    await append(other, use());
    await write(1);
    expect(await verifyAll()).toEqual([whole(4n)]);
  });

  test('is refused after one that was never committed, although the next number is right', async () => {
    await write(1);
    const key = await auditKey(deps, 'M1');
    const undone = database.transaction(async (tx) => {
      await appendAccesses(tx, key, 'M1', [use()], clock.now());
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    const other = { keyring: await openKeyring({ database, kek, clock }) };
    const othersKey = await auditKey({ ...deps, ...other }, 'M1');
    await database.transaction((tx) => appendAccesses(tx, othersKey, 'M1', [use()], clock.now()));
    await expect(append(deps, use())).rejects.toThrow();
    expect(await verifyAll()).toEqual([whole(2n)]);
  });

  test('is refused when the chain was put back, as from a backup: it leaves no gap', async () => {
    await write(3);
    await run(database, 'delete from access_entry where sequence > 1');
    await run(
      database,
      'update access_chain c set sequence = 1, mac = e.mac from access_entry e where e.merchant_id = c.merchant_id and e.sequence = 1',
    );
    await expect(append(deps, use())).rejects.toThrow();
    expect(await verifyAll()).toEqual([whole(1n)]);
  });

  test('is refused by the server where nothing is known of the end, with all that was asked before', async () => {
    await write(1);
    const strange = await auditKey({ ...deps, keyring: await openKeyring({ database, kek, clock }) }, 'M1');
    const work = database.atOnce((tx) =>
      Promise.all([
        tx.rows({ name: 'test/move-anchor', text: "insert into access_anchor values ('M9', 1, '', now(), '')" }),
        appendAfterGuess(tx, strange, 'M1', [use()], clock.now()),
      ]),
    );
    await expect(work).rejects.toThrow(/division by zero/);
    expect(await run(database, "select from access_anchor where merchant_id = 'M9'")).toEqual([]);
    expect(await verifyAll()).toEqual([whole(1n)]);
  });

  test('is tried again only after others have had their turn', async () => {
    await write(1);
    const key = await auditKey(deps, 'M1');
    expect(endIsGuessed(key)).toBe(true);
    await run(database, 'update access_chain set sequence = sequence + 1');
    await expect(append(deps, use())).rejects.toThrow();
    await run(database, 'update access_chain set sequence = sequence - 1');
    const answers = Array.from({ length: 17 }, () => endIsGuessed(key));
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(answers.at(-1)).toBe(true);
  });
});
