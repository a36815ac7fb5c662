/** A database for one test file: cloned from the migrated template, dropped when the file is done. */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, inject } from 'vitest';
import type { Database } from '../../packages/gateway/src/storage/database.ts';
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
  afterAll(async () => {
    await database.close();
    await drop(name, run);
    await admin.close();
  });
  return {
    ...database,
    async whileUnreachable(work) {
      await run(`alter database ${name} allow_connections false`);
      await run(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and usename = current_user`,
      );
      try {
        return await work();
      } finally {
        await run(`alter database ${name} allow_connections true`);
      }
    },
  };
}

/** Cuts what a test left open. A vacuum of the server's own may be in it, which only a superuser may end: it ends soon. */
async function drop(name: string, run: (text: string) => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await run(`drop database ${name} with (force)`);
      return;
    } catch (error) {
      if (tries === 20) throw error;
      await sleep(100);
    }
  }
}
