import { describe, expect, test } from 'vitest';
import { type Database, statement } from './database.ts';
import { CommitUnknown } from './failures.ts';
import { grouped, groupedById, inBatches } from './grouped.ts';

/** A table whose reads end when the test says so. */
function slowTable(rows: Record<string, string>) {
  const reads: { keys: readonly string[]; end(): void; fail(): void }[] = [];
  const find = grouped(
    (keys) =>
      new Promise<(key: string) => string | undefined>((resolve, reject) => {
        const seen = { ...rows };
        reads.push({ keys, end: () => resolve((key) => seen[key]), fail: () => reject(new Error('away')) });
      }),
  );
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { rows, reads, find, turn };
}

describe('look-ups that come together', () => {
  test('share one statement, each key once, and each gets its own', async () => {
    const { find, reads, turn } = slowTable({ a: '1', b: '2' });
    const all = Promise.all([find('a'), find('b'), find('a'), find('c')]);
    await turn();
    expect(reads.map(({ keys }) => keys)).toEqual([['a', 'b', 'c']]);
    reads[0]?.end();
    expect(await all).toEqual(['1', '2', '1', undefined]);
  });

  test('never see less than was there when they were made', async () => {
    const { find, reads, rows, turn } = slowTable({ a: 'active' });
    const before = find('a');
    await turn();
    rows.a = 'revoked';
    const after = find('a');
    reads[0]?.end();
    expect(await before).toBe('active');
    await turn();
    reads[1]?.end();
    expect(await after).toBe('revoked');
  });

  test('fail together, and the next ones do not', async () => {
    const { find, reads, turn } = slowTable({ a: '1' });
    const failing = [find('a'), find('b')].map((look) => look.catch((error: Error) => error.message));
    await turn();
    reads[0]?.fail();
    expect(await Promise.all(failing)).toEqual(['away', 'away']);
    const good = find('a');
    await turn();
    reads[1]?.end();
    expect(await good).toBe('1');
  });
});

describe('rows by a merchant and an id', () => {
  const held = [
    { merchant_id: 'm1', id: 'same', value: 'first' },
    { merchant_id: 'm2', id: 'same', value: 'second' },
    { merchant_id: 'm2', id: 'a/b', value: 'slash' },
  ];
  const reads: unknown[] = [];
  const database = {
    rows: async (_: unknown, [merchants, ids]: [string[], string[]]) => {
      reads.push([merchants, ids]);
      return merchants.flatMap((merchant, at) =>
        held.filter((row) => row.merchant_id === merchant && row.id === ids[at]),
      );
    },
  } as unknown as Database;
  const find = groupedById(
    statement<(typeof held)[number]>('test/find', ''),
    (row) => row.id,
    (row) => row.value,
  );

  test('one id of two merchants, asked together, is two rows', async () => {
    const all = [find(database, 'm1', 'same'), find(database, 'm2', 'same'), find(database, 'm1', 'a/b')];
    expect(await Promise.all(all)).toEqual(['first', 'second', undefined]);
    expect(await find(database, 'm2', 'a/b')).toBe('slash');
    expect(reads).toHaveLength(2);
  });
});

describe('work that is done together', () => {
  const database = {} as Database;
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  /** Doubles numbers; refuses a batch that holds an odd one, and is away when told. */
  function doubling() {
    const batches: number[][] = [];
    const state = { away: false };
    const double = inBatches(async (_: Database, items: readonly number[]) => {
      batches.push([...items]);
      await turn();
      if (state.away) throw new CommitUnknown('lost');
      if (items.some((item) => item % 2 === 1)) throw new Error('odd');
      return items.map((item) => item * 2);
    });
    return { batches, state, double: (item: number) => double(database, item) };
  }

  test('is one call for those of a turn, and one for all that came meanwhile', async () => {
    const { batches, double } = doubling();
    const first = [double(2), double(4)];
    await Promise.resolve();
    await Promise.resolve();
    const later = [double(6), double(8)];
    expect(await Promise.all([...first, ...later])).toEqual([4, 8, 12, 16]);
    expect(batches).toEqual([
      [2, 4],
      [6, 8],
    ]);
  });

  test('one that cannot be done harms no other', async () => {
    const { batches, double } = doubling();
    const asked = [2, 3, 4].map((item) => double(item).catch((error: Error) => error.message));
    expect(await Promise.all(asked)).toEqual([4, 'odd', 8]);
    expect(batches).toEqual([[2, 3, 4], [2], [3], [4]]);
  });

  test('whose commit was lost is not done again: nobody knows whether it was done', async () => {
    const { batches, state, double } = doubling();
    state.away = true;
    const asked = [2, 4].map((item) => double(item).catch((error: Error) => error.name));
    expect(await Promise.all(asked)).toEqual(['CommitUnknown', 'CommitUnknown']);
    expect(batches).toEqual([[2, 4]]);
    state.away = false;
    expect(await double(6)).toBe(12);
  });

  test('is no more than thirty-two at a time', async () => {
    const { batches, double } = doubling();
    await Promise.all(Array.from({ length: 70 }, (_, at) => double(at * 2)));
    expect(batches.map(({ length }) => length)).toEqual([32, 32, 6]);
  });
});
