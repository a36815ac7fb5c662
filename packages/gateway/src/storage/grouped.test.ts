import { describe, expect, test } from 'vitest';
import { grouped } from './grouped.ts';

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
