import { beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../../../test/kit/database.ts';
import { VirtualClock } from '../clock.ts';
import { newRowId } from '../id.ts';
import { ensureStanding } from '../job/queue.ts';
import { startRunner } from '../job/runner.ts';
import { createLog } from '../observe/log.ts';
import { forget } from './forget.ts';
import type { OutboxStatus } from './outbox.store.ts';

const beginning = new Date('2026-11-23T12:00:00.000Z');
const day = 24 * 3_600_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
  await run(`insert into merchant (merchant_id, name, status, pci_certified, settings, created_at)
    values ('M1', 'A shop', 'ACTIVE', false, '{}', '2026-01-01')`);
});

const run = (text: string) =>
  database.rows<{ object_id: string }>({ name: `test/${text.length}-${text.slice(0, 30)}`, text });
const left = async () => (await run('select object_id from outbox order by object_id')).map((row) => row.object_id);

/** An event of one attempt that became what it is `ageMs` before the beginning. */
async function event(objectId: string, status: OutboxStatus, ageMs: number): Promise<void> {
  const values = ['M1', newRowId(), objectId, status, new Date(beginning.getTime() - ageMs)];
  await database.rows(
    {
      name: 'test/event',
      text: `with e as (insert into outbox (merchant_id, event_id, event_type, object_id, notify_url, body, status, created_at, updated_at)
               values ($1, $2, 'X', $3, 'https://shop.example/', '', $4, $5, $5))
             insert into delivery (merchant_id, event_id, attempt, started_at) values ($1, $2, 1, $5)`,
    },
    values,
  );
}

test('what was delivered or given up is kept thirty days to the moment; what is not delivered yet, for ever', async () => {
  await event('delivered, young', 'DELIVERED', 30 * day - 1);
  await event('delivered, old', 'DELIVERED', 30 * day);
  await event('given up, young', 'EXHAUSTED', 29 * day);
  await event('given up, old', 'EXHAUSTED', 31 * day);
  await event('waiting', 'PENDING', 400 * day);
  const lines: string[] = [];
  const clock = new VirtualClock(beginning);
  const log = createLog({ level: 'info', write: (line) => lines.push(line) });
  const deps = { database, clock, log };
  await Promise.all([1, 2, 3].map(() => ensureStanding(database, ['webhook/forget'], beginning)));
  const runner = startRunner(deps, { 'webhook/forget': { run: () => forget(deps) } });
  try {
    expect(await runner.drain()).toBe(1);
    expect(await left()).toEqual(['delivered, young', 'given up, young', 'waiting']);
    expect(await run('select event_id as object_id from delivery')).toHaveLength(3);
    expect(lines.join()).toContain('"detail":"2"');
    for (let hours = 6; hours <= 36; hours += 6) {
      const due = new Date(beginning.getTime() + hours * 3_600_000);
      expect(await runner.nextDue()).toEqual(due);
      clock.moveTo(due);
      await runner.drain();
    }
    expect(await left()).toEqual(['waiting']);
  } finally {
    await runner.stop();
  }
});
