import { expect, test } from 'vitest';
import { freshDatabase } from '../../../../test/kit/database.ts';
import { statement } from './database.ts';
import { records } from './records.ts';

const database = await freshDatabase({ empty: true });

/** Each by itself breaks what it stands in when it is written as it is. */
const awkward = ['a "quote"', 'a \\', 'a line\n', 'a \t tab', 'a \u001f'];

const row = {
  text: 'a "quote", a \\ and a 漢',
  minor: 9_007_199_254_740_993n,
  moment: new Date('2026-02-28T23:59:59.999Z'),
  day: '2026-02-28',
  bytes: Buffer.from([0, 1, 0x5c, 255]),
  told: { nested: ['x', null], flag: true },
  absent: undefined,
  flag: false,
};

test('rows arrive as they were, of every kind that we store, as many as there are', async () => {
  await database.rows(
    statement(
      'test/records-table',
      `create table kept (text text, minor bigint, moment timestamptz, day date, bytes bytea, told jsonb, absent jsonb,
         flag boolean, other text default 'kept by default')`,
    ),
  );
  const insert = statement(
    'test/records-insert',
    `insert into kept (text, minor, moment, day, bytes, told, absent, flag)
     select text, minor, moment, day, bytes, told, absent, flag from jsonb_populate_recordset(null::kept, $1)`,
  );
  await database.rows(insert, [records([row, ...awkward.map((text) => ({ ...row, text }))])]);
  await database.rows(insert, [records([])]);
  const read = statement('test/records-read', 'select *, day::text as day from kept');
  const { absent: _, ...stored } = row;
  expect(await database.rows(read)).toEqual([
    { ...stored, absent: null, other: 'kept by default' },
    ...awkward.map((text) => ({ ...stored, text, absent: null, other: 'kept by default' })),
  ]);
});
