/**
 * Job: forgets notifications that ended long ago, with their attempts. It comes back by itself for ever, and never touches
 * one that is still to be delivered.
 */
import type { Clock } from '../clock.ts';
import type { JobResult } from '../job/runner.ts';
import type { Log } from '../observe/log.ts';
import type { Sql } from '../storage/database.ts';
import { deleteEnded } from './history.store.ts';

interface Deps {
  readonly database: Sql;
  readonly clock: Clock;
  readonly log: Log;
}

const hour = 3_600_000;
/** What was delivered or given up can be looked at and sent again for so long (decisions: D-15). */
const keptMs = 30 * 24 * hour;
const everyMs = 6 * hour;
/** Small enough to end far within a statement's time; the rest follows at once. */
const batchSize = 2_000;
const batchesAtOnce = 10;

/** Deletes what ended thirty days ago or earlier. @returns when to look again; at once when there was more than it took */
export async function forget({ database, clock, log }: Deps): Promise<JobResult> {
  const now = clock.now();
  const endedBefore = new Date(now.getTime() - keptMs);
  let total = 0;
  for (let batch = 1; batch <= batchesAtOnce; batch++) {
    const deleted = await deleteEnded(database, endedBefore, batchSize);
    total += deleted;
    if (deleted === batchSize) continue;
    if (total > 0) log.info('old notifications were forgotten', { job: 'webhook/forget', detail: String(total) });
    return { retryAt: new Date(now.getTime() + everyMs) };
  }
  return { retryAt: now };
}
