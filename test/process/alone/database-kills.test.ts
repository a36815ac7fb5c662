/** P-3 at the size of a build; `npm run prove:database-kills` has 200 deaths. */
import { expect, test } from 'vitest';
import { killDatabases } from '../../kit/database-kills.ts';

test('a database that dies six times under load loses nothing, does nothing twice, and no gateway needs a restart', async () => {
  const figures = await killDatabases({ rounds: 6, seed: 93, hurried: true });
  expect(figures).toMatchObject({ lost: [], wrong: [], refused: [], unanswered: 0 });
  expect(figures.effects).toBeGreaterThan(100);
  expect(figures.codes.C0001?.count).toBeGreaterThan(0);
  expect(figures.codes.C0001?.slowestMs).toBeLessThan(2_000);
  expect(figures.slowestRecoveryMs).toBeLessThan(5_000);
});

test('the judge finds out a database that confirms what it has not written down', async () => {
  const { effects, lost } = await killDatabases({ rounds: 1, seed: 93, forgetful: true, hurried: true });
  expect(effects).toBeGreaterThan(0);
  expect(lost).not.toEqual([]);
});
