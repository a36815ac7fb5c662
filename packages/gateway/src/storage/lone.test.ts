import { describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../../test/kit/database.ts';
import { statement } from './database.ts';

const create = statement('test/create', 'create table if not exists kept (n integer primary key)');
const insert = statement('test/insert', 'insert into kept values ($1)');
const all = statement<{ n: number }>('test/all', 'select n from kept order by n');
const divide = statement<{ n: number }>('test/divide', 'select 12 / $1::integer as n');
const backend = statement<{ pid: number }>('test/backend', 'select pg_backend_pid() as pid');

const database = await freshDatabase({ empty: true });
await database.rows(create);

const outcomes = async (asked: Promise<unknown>[]) =>
  (await Promise.allSettled(asked)).map((one) => (one.status === 'fulfilled' ? one.value : one.reason.message));

describe('statements of no transaction that are asked at once', () => {
  test('share a connection, up to eight', async () => {
    const pids = await Promise.all(Array.from({ length: 8 }, () => database.rows(backend)));
    expect(new Set(pids.map(([row]) => row?.pid)).size).toBe(1);
  });

  test('are answered by themselves when another look-up is refused', async () => {
    const asked = [3, 0, 4].map((n) => database.rows(divide, [n]));
    expect(await outcomes(asked)).toEqual([[{ n: 4 }], 'division by zero', [{ n: 3 }]]);
  });

  test('are done once each, also beside one that is refused', async () => {
    const asked = [1, 1, 2].map((n) => database.rows(insert, [n]));
    expect(await outcomes([...asked, database.rows(divide, [0])])).toEqual([
      [],
      expect.stringContaining('duplicate key'),
      [],
      'division by zero',
    ]);
    expect(await database.rows(all)).toEqual([{ n: 1 }, { n: 2 }]);
  });
});

test.each([
  ['select n from kept', true],
  ['  select n from kept where n = 1', true],
  ['select n from kept for update', false],
  ['select n from kept order by n\n   for  no key update of kept', false],
  ['select n from kept for key share', false],
  ['with gone as (delete from kept returning n) select n from gone', false],
  ['update kept set n = 1', false],
])('%j only reads: %s', (text, reads) => {
  expect(statement('test/any', text).onlyReads).toBe(reads);
});
