/** P-3 on Debian's PostgreSQL, at the size of a build; `npm run prove:failover` loses as many primaries as it is told to. */
import { expect, test } from 'vitest';
import { rehearseFailover } from '../../kit/failover.ts';

test('a synchronous standby takes over from a primary that is killed under load: nothing is lost or done twice', async () => {
  const figures = await rehearseFailover({ rounds: 1, random: () => 0.5, synchronous: true, hurried: true });
  expect(figures).toMatchObject({ lost: [], wrong: [] });
  expect(figures.orders).toBeGreaterThan(0);
  expect(figures.hostMoved).toBeGreaterThan(0);
  expect(figures.slowestMs).toBeLessThan(5_000);
});
