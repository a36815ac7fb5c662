import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../../test/kit/database.ts';
import { realClock as clock } from '../clock.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './postgres.ts';

describe('migrations', () => {
  test('are applied once, however often and however many gateways start', async () => {
    const database = await freshDatabase({ empty: true });
    const several = await Promise.all([1, 2, 3].map(async () => openDatabase({ url: database.url, poolSize: 1 })));
    const applied = await Promise.all(several.map((one) => migrate(one, { clock })));
    const [{ count }] = (await database.rows<{ count: bigint }>({
      name: 'test/migrations',
      text: 'select count(*) from migration',
    })) as [{ count: bigint }];
    expect(applied.reduce((sum, n) => sum + n, 0)).toBe(Number(count));
    expect(Number(count)).toBeGreaterThan(0);
    expect(await migrate(database, { clock })).toBe(0);
    for (const one of several) await one.close();
  });

  test('refuse a database that a newer gateway has migrated', async () => {
    const database = await freshDatabase();
    await database.rows({
      name: 'test/newer',
      text: `insert into migration values (9999, 'future', 'x', '2030-01-01')`,
    });
    await expect(migrate(database, { clock })).rejects.toThrow(/start a newer gateway/);
  });

  test('refuse a file that was edited after it was applied', async () => {
    const database = await freshDatabase();
    await database.rows({ name: 'test/edited', text: `update migration set checksum = 'other' where version = 1` });
    await expect(migrate(database, { clock })).rejects.toThrow(/was edited/);
  });
});

/** Whether a version that does not know of this statement goes on working beside it. */
function onlyAdds(text: string, newColumns: readonly string[]): boolean {
  const [, changes] = /^alter table \w+ (.*)$/.exec(text) ?? [];
  if (changes === undefined) return /^(create (unlogged )?table|create (unique )?index|insert into|update) /.test(text);
  // How full its pages are is no business of a statement.
  if (/^set \(fillfactor = \d+\)$/.test(changes)) return true;
  return changes.split(/, (?=add |alter |drop |rename )/).every((change) => {
    if (/^alter column \w+ drop not null$/.test(change)) return true;
    if (/^add column /.test(change)) return !/not null/.test(change) || /\b(default|generated)\b/.test(change);
    return /^add constraint \w+ check /.test(change) && newColumns.some((column) => change.includes(column));
  });
}

/** What an older version would stumble over. */
function breaksOlder(sql: string): string[] {
  const statements = sql
    .replace(/--.*$/gm, '')
    .split(';')
    .map((one) => one.trim().replace(/\s+/g, ' '))
    .filter(Boolean);
  const newColumns = [...sql.matchAll(/add column (\w+)/g)].map(([, name]) => name as string);
  const newTables = [...sql.matchAll(/create (?:unlogged )?table (\w+)/g)].map(([, name]) => name as string);
  return statements.filter((text) => {
    const [, table] = /^create unique index \w+ on (\w+)/.exec(text) ?? [];
    return !onlyAdds(text, newColumns) || (table !== undefined && !newTables.includes(table));
  });
}

describe('a migration of which an older version does not know', () => {
  /** The ones before were applied by no gateway that anybody ran beside another version. */
  const first = 9;

  test('takes nothing away that it uses, and asks nothing of it that it does not do', async () => {
    const folder = new URL('./migrations/', import.meta.url);
    const names = (await readdir(folder)).filter((name) => Number(name.slice(0, 4)) >= first);
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      expect({ name, breaks: breaksOlder(await readFile(new URL(name, folder), 'utf8')) }).toEqual({
        name,
        breaks: [],
      });
    }
  });

  test.each([
    'drop table token;',
    'drop index token_by_user;',
    'alter table token drop column status;',
    'alter table token rename column status to state;',
    'alter table token add column owner text not null;',
    'alter table token add column a text, alter column status type integer;',
    'alter table token alter column card_id set not null;',
    'alter table token add constraint has_card check (card_id is not null);',
    'create unique index one_token_of_a_user on token (merchant_user_id);',
    'delete from token;',
  ])('may not do this: %s', (text) => {
    expect(breaksOlder(text)).toHaveLength(1);
  });
});
