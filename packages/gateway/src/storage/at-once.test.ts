import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/kit/database.ts';
import { statement } from './database.ts';
import { expecting } from './expecting.ts';
import { DatabaseUnavailable } from './failures.ts';
import { atOnceOrCarefully } from './grouped.ts';

const create = statement('test/create', 'create table kept (n integer primary key)');
const later = statement('test/later', 'create table late (n integer unique deferrable initially deferred)');
const insert = statement('test/insert', 'insert into kept values ($1)');
const insertLate = statement('test/insert-late', 'insert into late values ($1)');
const allLate = statement<{ n: number }>('test/all-late', 'select n from late');
const all = statement<{ n: number }>('test/all', 'select n from kept order by n');
const transactionId = statement<{ id: string }>('test/xid', 'select pg_current_xact_id()::text as id');
const raised = statement(
  'test/raise',
  `with raised as (update kept set n = n + 100 where n = $1 returning 1) select ${expecting('count(*) = 1')} from raised`,
);

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase({ empty: true });
  await database.rows(create);
  await database.rows(later);
});

describe('a transaction that is asked at once', () => {
  test('is one transaction, and there as a whole when it resolves', async () => {
    const [[first], , [second]] = await database.atOnce((tx) =>
      Promise.all([tx.rows(transactionId), tx.rows(insert, [1]), tx.rows(transactionId)]),
    );
    expect(first).toEqual(second);
    expect(await database.rows(all)).toEqual([{ n: 1 }]);
  });

  test.each([0, 1, 2])(
    'leaves nothing when statement %i is refused, and says what that was refused for',
    async (at) => {
      const values = [10, 11, 12].map((n, place) => (place === at ? 1 : n));
      const steps: Promise<unknown>[] = [];
      const work = database.atOnce(async (tx) => {
        for (const n of values) steps.push(tx.rows(insert, [n]));
        await Promise.allSettled(steps);
      });
      await expect(work).rejects.toThrow(/duplicate key/);
      expect((await Promise.allSettled(steps)).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
      expect(await database.rows(all)).toEqual([{ n: 1 }]);
    },
  );

  test('is refused when a condition does not hold, with all that came before', async () => {
    const work = database.atOnce((tx) => Promise.all([tx.rows(insert, [20]), tx.rows(raised, [4_711])]));
    await expect(work).rejects.toThrow(/division by zero/);
    expect(await database.rows(all)).toEqual([{ n: 1 }]);
    await database.atOnce((tx) => Promise.all([tx.rows(insert, [20]), tx.rows(raised, [20])]));
    expect(await database.rows(all)).toEqual([{ n: 1 }, { n: 120 }]);
  });

  test('takes nothing after it was sent: that would be committed without the rest', async () => {
    let late: Promise<unknown> | undefined;
    await database.atOnce(async (tx) => {
      await tx.rows(transactionId);
      late = tx.rows(insert, [30]);
      await Promise.allSettled([late]);
    });
    await expect(late).rejects.toThrow(/at once/);
    await sleep(50);
    expect(await database.rows(all)).not.toContainEqual({ n: 30 });
  });

  test('that cannot be committed is not confirmed, although each of its statements was done', async () => {
    const work = database.atOnce((tx) => Promise.all([tx.rows(insertLate, [1]), tx.rows(insertLate, [1])]));
    await expect(work).rejects.toThrow(/duplicate key/);
    expect(await database.rows(allLate)).toEqual([]);
  });

  test('that the server ends is known not to be committed', async () => {
    const end = statement('test/end', 'select pg_terminate_backend(pg_backend_pid())');
    const work = database.atOnce((tx) => Promise.all([tx.rows(insert, [40]), tx.rows(end), tx.rows(all)]));
    await expect(work).rejects.toThrow(DatabaseUnavailable);
    expect(await database.rows(all)).not.toContainEqual({ n: 40 });
  });
});

test('a statement of its own that cannot be committed is not confirmed either', async () => {
  const twice = statement('test/insert-late-twice', 'insert into late values ($1), ($1)');
  await expect(database.rows(twice, [2])).rejects.toThrow(/duplicate key/);
  expect(await database.rows(allLate)).toEqual([]);
});

describe('what nearly always goes well', () => {
  test('is done at once, and carefully when it does not go well', async () => {
    const ways: string[] = [];
    const write = (n: number) =>
      atOnceOrCarefully(
        database,
        async (tx) => {
          ways.push('at once');
          await tx.rows(insert, [n]);
          return 'at once';
        },
        async (tx) => {
          ways.push('carefully');
          return (await tx.rows(all)).some((row) => row.n === n) ? 'was there' : 'wrote';
        },
      );
    expect(await write(50)).toBe('at once');
    expect(await write(50)).toBe('was there');
    expect(ways).toEqual(['at once', 'at once', 'carefully']);
  });

  test('is not gone around when it is wrongly written: it would never go well, and nobody would know', async () => {
    const wrong = statement('test/wrong', 'select nothing from nowhere');
    const carefully = vi.fn(async () => {});
    const work = atOnceOrCarefully(database, async (tx) => void (await tx.rows(wrong)), carefully);
    await expect(work).rejects.toThrow(/nowhere/);
    expect(carefully).not.toHaveBeenCalled();
  });

  test('is not tried in another way when the database is away', async () => {
    const end = statement('test/end', 'select pg_terminate_backend(pg_backend_pid())');
    let isTriedAgain = false;
    const work = atOnceOrCarefully(
      database,
      (tx) => tx.rows(end),
      async () => {
        isTriedAgain = true;
        return [];
      },
    );
    await expect(work).rejects.toThrow(DatabaseUnavailable);
    expect(isTriedAgain).toBe(false);
  });
});
