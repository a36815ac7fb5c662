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
