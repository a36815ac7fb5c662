import { describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../../test/kit/database.ts';
import { realClock } from '../clock.ts';
import { statement } from './database.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './postgres.ts';
import { passesWalls } from './walls.ts';

/** Tables that belong to nobody: each says why. A new table without `merchant_id` must be named here. */
const nobodysTables: Readonly<Record<string, string>> = {
  migration: 'the schema’s own history',
  vault_kek: 'keys of the operator',
  vault_rotation: 'what the operator does to the keys of all',
  sandbox_transaction: 'books of the sandbox’s acquirer, which is another company',
  sandbox_authentication: 'books of the sandbox’s issuer, likewise',
  declined_charge: 'counts of cards over all merchants, under marks',
};

let statements = 0;
const sql = (text: string) => statement<Record<string, unknown>>(`test/wall-${++statements}`, text);

const insertMerchant = (id: string) =>
  sql(`insert into merchant (merchant_id, name, status, pci_certified, settings, created_at)
    values ('${id}', '${id}', 'ACTIVE', false, '{}', now())`);

async function twoMerchants() {
  const database = await freshDatabase();
  for (const id of ['alice', 'bob']) await database.rows(insertMerchant(id));
  return { database, alice: database.ofMerchant('alice'), bob: database.ofMerchant('bob') };
}

describe('the wall between merchants', () => {
  test('stands around every table that has a merchant, and every other table is known', async () => {
    const database = await freshDatabase();
    const tables = await database.rows<{ name: string; tenant: boolean; walled: boolean }>(
      sql(`select c.relname as name,
             exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'merchant_id') as tenant,
             c.relrowsecurity and c.relforcerowsecurity and exists (
               select from pg_policy p where p.polrelid = c.oid and p.polpermissive and p.polcmd = '*') as walled
           from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')`) as never,
    );
    expect(tables.length).toBeGreaterThan(15);
    expect(tables.filter(({ tenant, walled }) => tenant && !walled)).toEqual([]);
    expect(
      tables
        .filter(({ tenant }) => !tenant)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(Object.keys(nobodysTables).sort());
  });

  test('no table has a second policy, which would open a gate in the first', async () => {
    const database = await freshDatabase();
    const policies = await database.rows(
      sql(`select polrelid::regclass::text from pg_policy group by polrelid having count(*) <> 1`),
    );
    expect(policies).toEqual([]);
  });

  test('of an earlier version is worded anew, and nothing of it stays', async () => {
    const { database, alice, bob } = await twoMerchants();
    const wall = `current_setting('waffo.merchant_id', true)`;
    await database.rows(sql(`alter policy merchants_apart on merchant using (merchant_id = ${wall} or ${wall} = '*')`));
    await migrate(database, { clock: realClock });
    const [worded] = await database.rows<{ kinds: bigint }>(
      sql(`select count(distinct pg_get_expr(polqual, polrelid)) as kinds from pg_policy`) as never,
    );
    expect(worded?.kinds).toBe(1n);
    const names = sql('select merchant_id from merchant order by merchant_id');
    expect(await alice.rows(names)).toEqual([{ merchant_id: 'alice' }]);
    expect(await bob.rows(names)).toEqual([{ merchant_id: 'bob' }]);
    expect(await database.rows(names)).toHaveLength(2);
  });

  test('is raised around a table that a later version adds', async () => {
    const database = await freshDatabase();
    await database.rows(sql('create table later_idea (merchant_id text not null, idea text)'));
    await migrate(database, { clock: realClock });
    await database.rows(sql(`insert into later_idea values ('alice', 'mine')`));
    expect(await database.ofMerchant('bob').rows(sql('select * from later_idea'))).toEqual([]);
  });

  test('binds our own role, though it owns the tables', async () => {
    expect(await passesWalls(await freshDatabase())).toBe(false);
  });

  test('a statement that forgot the merchant reads, changes and deletes nothing of another', async () => {
    const { database, alice, bob } = await twoMerchants();
    expect(await alice.rows(sql('select merchant_id from merchant'))).toEqual([{ merchant_id: 'alice' }]);
    expect(await bob.rows(sql(`update merchant set name = 'mine' returning merchant_id`))).toEqual([
      { merchant_id: 'bob' },
    ]);
    await bob.transaction((tx) => tx.rows(sql('delete from merchant')));
    expect(await database.rows(sql('select name from merchant'))).toEqual([{ name: 'alice' }]);
  });

  test('nothing is written in the name of another', async () => {
    const { alice } = await twoMerchants();
    await expect(alice.rows(insertMerchant('carol'))).rejects.toThrow('row-level security');
    await expect(alice.transaction((tx) => tx.rows(sql(`update merchant set merchant_id = 'carol'`)))).rejects.toThrow(
      'row-level security',
    );
  });

  test('many at once over few connections each see their own', async () => {
    const { database, alice, bob } = await twoMerchants();
    const own = sql('select merchant_id from merchant order by merchant_id');
    const seen = await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        const scope = [alice, bob, database][index % 3] ?? database;
        const rows = index % 2 === 0 ? await scope.rows(own) : await scope.transaction((tx) => tx.rows(own));
        return rows.map(({ merchant_id }) => merchant_id).join();
      }),
    );
    expect(seen).toEqual(seen.map((_, index) => ['alice', 'bob', 'alice,bob'][index % 3]));
  });

  test('a transaction that failed does not leave its connection in another scope', async () => {
    const { alice, bob } = await twoMerchants();
    const broken = alice.transaction((tx) => tx.rows(sql('select 1/0')));
    await expect(broken).rejects.toThrow('division');
    for (let i = 0; i < 20; i++) {
      expect(await bob.rows(sql('select merchant_id from merchant'))).toEqual([{ merchant_id: 'bob' }]);
    }
  });

  test('a connection that was told nothing shows nothing', async () => {
    const { database } = await twoMerchants();
    const other = await openDatabase({ url: database.url, poolSize: 1 });
    try {
      const rows = await other.transaction(async (tx) => {
        await tx.rows(sql('reset waffo.merchant_id'));
        return tx.rows(sql('select * from merchant'));
      });
      expect(rows).toEqual([]);
    } finally {
      await other.close();
    }
  });

  test.each(['', '*'])('%j is no merchant that could see all', async (id) => {
    const { database } = await twoMerchants();
    expect(() => database.ofMerchant(id)).toThrow('no merchant');
  });
});
