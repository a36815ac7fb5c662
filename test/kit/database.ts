/** A database for one test file: cloned from the migrated template, dropped when the file is done. */
import { createHash, randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type { Database } from '../../packages/gateway/src/storage/database.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import { otherDatabase, testName } from './database-url.ts';
import { endConnections, made } from './made-databases.ts';

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
 * @param options.template - the database to clone; the migrated one when absent
 * @example
 * const database = await freshDatabase();
 */
export async function freshDatabase(
  options: { readonly empty?: boolean; readonly template?: string | undefined } = {},
): Promise<TestDatabase> {
  const server = testDatabaseServer();
  const name = `${testName(server.template)}_${randomBytes(4).toString('hex')}`;
  const admin = await openDatabase({ url: server.url, poolSize: 1 });
  const run = (text: string) => admin.rows({ name: createHash('md5').update(text).digest('hex'), text });
  const template = options.template ?? server.template;
  await run(`create database ${name} template ${options.empty ? `template0 encoding 'UTF8'` : template}`);
  const database = await openDatabase({ url: otherDatabase(server.url, name) });
  made.push({ name, database, admin });
  return {
    ...database,
    async whileUnreachable(work) {
      await run(`alter database ${name} allow_connections false`);
      await admin.rows(endConnections, [name]);
      try {
        return await work();
      } finally {
        await run(`alter database ${name} allow_connections true`);
      }
    },
  };
}
