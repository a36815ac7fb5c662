/** A database for one test file: cloned from the migrated template, dropped when the file is done. */
import { afterAll, inject } from 'vitest';
import type { Database } from '../../packages/gateway/src/storage/database.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';

export interface TestDatabase extends Database {
  /** Runs `work` while nobody can connect to this database and all its connections are cut. */
  whileUnreachable<T>(work: () => Promise<T>): Promise<T>;
}

let made = 0;

/** @param options.empty - without our tables, for tests of the migrations themselves */
export async function freshDatabase(options: { readonly empty?: boolean } = {}): Promise<TestDatabase> {
  const server = inject('databaseServer');
  const name = `waffo_test_${process.pid}_${process.env.VITEST_POOL_ID ?? 0}_${++made}`;
  const admin = await openDatabase({ url: server, poolSize: 1 });
  const run = (text: string) => admin.rows({ name: text.slice(0, 60), text });
  await run(`drop database if exists ${name} with (force)`);
  await run(`create database ${name} template ${options.empty ? 'template0' : inject('templateDatabase')}`);
  const url = server.replace(/(\/)([^/?]*)(\?|$)/, `$1${name}$3`);
  const database = await openDatabase({ url });
  afterAll(async () => {
    await database.close();
    await run(`drop database ${name} with (force)`);
    await admin.close();
  });
  return {
    ...database,
    async whileUnreachable(work) {
      await run(`alter database ${name} allow_connections false`);
      await run(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
      try {
        return await work();
      } finally {
        await run(`alter database ${name} allow_connections true`);
      }
    },
  };
}
