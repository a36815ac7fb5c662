/** A database for one test file: cloned from the migrated template, dropped when the file is done. */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, inject } from 'vitest';
import { type Database, statement } from '../../packages/gateway/src/storage/database.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import { otherDatabase } from './database-url.ts';

export interface TestDatabase extends Database {
  /** Runs `work` while nobody can connect to this database and all its connections are cut. */
  whileUnreachable<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * The run's server, for tests that open connections or make databases of their own.
 *
 * @returns `url` of a role that may create databases; `template`, the migrated database to clone
 */
export const testDatabaseServer = () => ({ url: inject('databaseServer'), template: inject('templateDatabase') });

/**
 * @param options.empty - without our tables, for tests of the migrations themselves
 * @example
 * const database = await freshDatabase();
 */
export async function freshDatabase(options: { readonly empty?: boolean } = {}): Promise<TestDatabase> {
  const server = testDatabaseServer();
  const name = `${server.template.replace('template', 'test')}_${randomBytes(4).toString('hex')}`;
  const admin = await openDatabase({ url: server.url, poolSize: 1 });
  const run = (text: string) => admin.rows({ name: createHash('md5').update(text).digest('hex'), text });
  await run(`create database ${name} template ${options.empty ? `template0 encoding 'UTF8'` : server.template}`);
  const database = await openDatabase({ url: otherDatabase(server.url, name) });
  made.push({ name, database, admin });
  return {
    ...database,
    async whileUnreachable(work) {
      await run(`alter database ${name} allow_connections false`);
      await admin.rows(end, [name]);
      try {
        return await work();
      } finally {
        await run(`alter database ${name} allow_connections true`);
      }
    },
  };
}

const made: { readonly name: string; readonly database: Database; readonly admin: Database }[] = [];
// Registered before every other hook of the file, so it comes after them: a gateway that is closed has told all it did.
afterAll(async () => {
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
});

const end = statement<{ pid: number }>(
  'test/end-connections',
  'select pid, pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename = current_user',
);

const deadlocks = statement<{ deadlocks: string }>(
  'test/deadlocks',
  'select deadlocks::text as deadlocks from pg_stat_database where datname = $1',
);

/** How often two transactions waited for each other. Connections tell it when they end. */
async function deadlocksIn(admin: Database, name: string): Promise<string> {
  for (let tries = 0; tries < 100 && (await admin.rows(end, [name])).length > 0; tries++) await sleep(20);
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
