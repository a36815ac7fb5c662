/** The databases that a test file made, and their end. Known to every file, so it loads no driver. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Database, statement } from '../../packages/gateway/src/storage/database.ts';

export const made: { readonly name: string; readonly database: Database; readonly admin: Database }[] = [];

/** Closes and drops them; fails when two transactions of the file waited for each other. */
export async function dropDatabases(): Promise<void> {
  const counts: string[] = [];
  for (const { name, database, admin } of made.splice(0)) {
    await database.close();
    counts.push(await deadlocksIn(admin, name));
    await drop(admin, name);
    await admin.close();
  }
  expect(counts, 'deadlocks: the server ends one after a second, and a repeat would hide it').toEqual(
    counts.map(() => '0'),
  );
}

export const endConnections = statement<{ pid: number }>(
  'test/end-connections',
  'select pid, pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename = current_user',
);

const deadlocks = statement<{ deadlocks: string }>(
  'test/deadlocks',
  'select deadlocks::text as deadlocks from pg_stat_database where datname = $1',
);

/** How often two transactions waited for each other. Connections tell it when they end. */
async function deadlocksIn(admin: Database, name: string): Promise<string> {
  for (let tries = 0; tries < 100 && (await admin.rows(endConnections, [name])).length > 0; tries++) await sleep(20);
  const [row] = await admin.rows(deadlocks, [name]);
  return row?.deadlocks ?? 'none known';
}

/** Cuts what a test left open. A vacuum of the server's own may be in it, which only a superuser may end: it ends soon. */
async function drop(admin: Database, name: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await admin.rows({ name: `test/drop-${name}`, text: `drop database ${name} with (force)` });
      return;
    } catch (error) {
      if (tries === 20) throw error;
      await sleep(100);
    }
  }
}
