/** P-5 at the size of a build; `npm run prove:partitions` has 200 silences of up to 30 s. */
import { expect, test } from 'vitest';
import { livePartitions } from '../../kit/partitions.ts';

test('ten silences on the roads to PostgreSQL lose nothing, do nothing twice and leave nothing open', async () => {
  const figures = await livePartitions({ partitions: 10, longestMs: 2_500, gateways: 2, seed: 93 });
  expect(figures).toMatchObject({ lost: 0, duplicates: 0, untold: 0, unsigned: 0, unresolved: 0, ledgerFaults: [] });
  expect(figures.codes['0']?.count).toBeGreaterThan(10);
  for (const { slowestMs } of Object.values(figures.codes)) expect(slowestMs).toBeLessThan(10_000);
  expect(figures.slowestRecoveryMs).toBeLessThan(5_000);
});
