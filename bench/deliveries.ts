/** Measures how many notifications a worker delivers, of those that the rows before have left. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, statement } from '../packages/gateway/src/storage/database.ts';
import { startGateway } from './gateway.ts';
import { Flawed } from './measure.ts';
import { counted, say, sayPhase } from './progress.ts';
import * as scenarios from './scenarios.ts';
import type { Stage } from './stage.ts';

export const deliveriesName = 'notifications delivered';

const waiting = statement<{ count: number }>(
  'bench/notifications-waiting',
  `select count(*)::integer as count from job where kind = 'webhook/deliver' and leased_until is null`,
);

const countWaiting = async (database: Database): Promise<number> => (await database.rows(waiting))[0]?.count ?? 0;

/**
 * One worker, after it got warm. The gateway that answers calls is stopped: they would share the cores.
 *
 * @returns a second
 * @throws Flawed when there was nothing left to deliver before the time was over
 */
export async function delivered(stage: Stage): Promise<number> {
  const { bench, settings, database, receiver } = stage;
  const { warmUpSeconds, seconds } = bench;
  const queued = await queueEnough(stage);
  await bench.gateway.stop();
  const worker = await startGateway(bench.folder, { ...settings, WAFFO_ROLE: 'worker' });
  try {
    sayPhase(`delivering for ${warmUpSeconds} s to get warm, and counting for ${seconds} s`);
    await sleep(warmUpSeconds * 1_000);
    const [before, startedAt] = [await receiver.count(), performance.now()];
    await sleep(seconds * 1_000);
    const after = await receiver.count();
    const perSecond = ((after - before) * 1_000) / (performance.now() - startedAt);
    const left = await countWaiting(database);
    if (after === before) throw new Flawed('no notification was delivered');
    if (left === 0) throw new Flawed(`${queued} notifications were too few: they ran out before the time was over`);
    say(`  ${deliveriesName.padEnd(38)} ${perSecond.toFixed(0).padStart(6)}/s  (${left} of ${queued} left)`);
    return perSecond;
  } finally {
    await worker.stop();
  }
}

/** Each paid order has one notification. @returns how many wait now */
async function queueEnough({ bench, tokens, database }: Stage): Promise<number> {
  const needed = bench.paces.enoughFor('notification', bench.warmUpSeconds + bench.seconds);
  const queued = await countWaiting(database);
  sayPhase(`${counted(queued, 'notifications wait')}, ${counted(needed, 'are needed')}`);
  if (queued < needed) await scenarios.payOrders(bench, tokens, needed - queued);
  return countWaiting(database);
}
