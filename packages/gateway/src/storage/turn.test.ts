import { beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/kit/database.ts';
import { statement } from './database.ts';
import { DatabaseUnavailable } from './failures.ts';
import { openDatabase } from './postgres.ts';

const create = statement('test/create', 'create table kept (n integer primary key)');
const insert = statement('test/insert', 'insert into kept values ($1)');
const all = statement<{ n: number }>('test/all', 'select n from kept order by n');
const syncs = statement<{ n: number }>('test/one', 'select $1::integer as n');

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase({ empty: true });
  await database.rows(create);
});

describe('statements that are sent together', () => {
  test('are each answered with their own rows', async () => {
    const rows = await database.transaction((tx) => Promise.all([1, 2, 3].map((n) => tx.rows(syncs, [n]))));
    expect(rows).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
  });

  test('are not run after one that is refused, and say why', async () => {
    const steps: Promise<unknown>[] = [];
    const work = database.transaction(async (tx) => {
      for (const n of [10, 10, 11]) steps.push(tx.rows(insert, [n]));
      await Promise.allSettled(steps);
      await steps[1];
    });
    await expect(work).rejects.toThrow(/duplicate key/);
    await expect(steps[2]).rejects.toThrow(/not run/);
    expect(await database.rows(all)).toEqual([]);
  });

  test('work again on the same connection after one of them was refused at its first use', async () => {
    const one = await openDatabase({ url: database.url, poolSize: 1 });
    try {
      for (const _ of [1, 2]) {
        const work = one.transaction(async (tx) => {
          await Promise.all([tx.rows(statement('test/broken', 'select 1 / $1::integer'), [0]), tx.rows(all)]);
        });
        await expect(work).rejects.toThrow(/division by zero/);
      }
      expect(await one.rows(statement('test/broken', 'select 1 / $1::integer'), [1])).toHaveLength(1);
      expect(await one.rows(all)).toEqual([]);
    } finally {
      await one.close();
    }
  });

  test('are all unavailable when the server ends the connection at one of them, and no commit after it is in doubt', async () => {
    const end = statement('test/end', 'select pg_terminate_backend(pg_backend_pid())');
    const steps: Promise<unknown>[] = [];
    const work = database.transaction(async (tx) => {
      for (const asked of [tx.rows(insert, [30]), tx.rows(end), tx.rows(all)]) {
        steps.push(asked);
        tx.last(asked);
      }
    });
    await expect(work).rejects.toThrow(DatabaseUnavailable);
    await expect(steps[1]).rejects.toThrow(DatabaseUnavailable);
    await expect(steps[2]).rejects.toThrow(DatabaseUnavailable);
    expect(await database.rows(all)).toEqual([]);
  });

  test('may not have one name for two texts', async () => {
    await expect(database.rows(statement('test/all', 'select 1'))).rejects.toThrow(/test\/all/);
  });
});

describe('the last steps of a transaction', () => {
  test('are committed with it', async () => {
    await database.transaction(async (tx) => tx.last(tx.rows(insert, [20])));
    expect(await database.rows(all)).toEqual([{ n: 20 }]);
  });

  test('leave nothing when one is refused, and the transaction throws what it was refused for', async () => {
    const work = database.transaction(async (tx) => {
      await tx.rows(insert, [21]);
      tx.last(tx.rows(insert, [20]));
      tx.last(tx.rows(insert, [22]));
    });
    await expect(work).rejects.toThrow(/duplicate key/);
    expect(await database.rows(all)).toEqual([{ n: 20 }]);
  });

  test('leave nothing when the work throws after them', async () => {
    const work = database.transaction(async (tx) => {
      tx.last(tx.rows(insert, [23]));
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await database.rows(all)).toEqual([{ n: 20 }]);
  });

  test('may not ask anything after the commit, which would escape the transaction', async () => {
    const work = database.transaction(async (tx) => {
      const late = async () => {
        await tx.rows(all);
        await tx.rows(insert, [24]);
      };
      tx.last(late());
    });
    await expect(work).rejects.toThrow(/is over/);
    expect(await database.rows(all)).toEqual([{ n: 20 }]);
  });

  test('of a transaction of another merchant are shown under that merchant alone', async () => {
    const one = await openDatabase({ url: database.url, poolSize: 1 });
    const scope = statement<{ scope: string }>('test/scope', "select current_setting('waffo.merchant_id') as scope");
    try {
      for (const merchant of ['m1', 'm2', 'm1']) {
        const broken = one.ofMerchant(merchant).transaction(async (tx) => {
          await Promise.all([tx.rows(scope), tx.rows(insert, [20])]);
        });
        await expect(broken).rejects.toThrow(/duplicate key/);
        expect(await one.ofMerchant(merchant).rows(scope)).toEqual([{ scope: merchant }]);
      }
    } finally {
      await one.close();
    }
  });
});
