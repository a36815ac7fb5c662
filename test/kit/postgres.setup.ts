/**
 * One PostgreSQL for the whole run: the embedded server, or the one that TEST_DATABASE_URL names (its role must be
 * allowed to create databases), or with TEST_DATABASE_URL=debian a throwaway cluster of the Debian package. It holds a
 * migrated template that each test file clones. At the end of the run nothing of it is left.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { realClock } from '../../packages/gateway/src/clock.ts';
import { startEmbedded } from '../../packages/gateway/src/storage/embedded.ts';
import { migrate } from '../../packages/gateway/src/storage/migrate.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import { otherDatabase, testName } from './database-url.ts';
import { startDebianPostgres } from './debian-postgres.ts';
import { forAllProjects } from './for-all-projects.ts';
import { throwawayFolder } from './throwaway-folder.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Connection string of a role that may create databases. */
    databaseServer: string;
    /** The migrated database to clone. */
    templateDatabase: string;
  }
}

interface Server {
  readonly url: string;
  readonly template: string;
  stop(): Promise<void>;
}

export default forAllProjects(
  'postgres',
  start,
  (project, { url, template }) => {
    project.provide('databaseServer', url);
    project.provide('templateDatabase', template);
  },
  (server) => server.stop(),
);

async function start(): Promise<Server> {
  const server = await startServer(process.env.TEST_DATABASE_URL);
  const template = `waffo_template_${randomBytes(4).toString('hex')}`;
  try {
    await prepare(server.url, template);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    url: server.url,
    template,
    async stop() {
      const admin = await openDatabase({ url: server.url, poolSize: 1 });
      await admin.rows({ name: 'test/drop-template', text: `drop database ${template}` });
      const left = await admin.rows<{ datname: string }>(
        { name: 'test/databases-left', text: 'select datname from pg_database where starts_with(datname, $1)' },
        [testName(template)],
      );
      await admin.close();
      await server.stop();
      if (left.length === 0) return;
      // What is thrown here is shown, and the run would still count as a good one.
      process.exitCode = 1;
      throw new Error(`${left.length} databases were left: a test file did not end as it should`);
    },
  };
}

async function startServer(given: string | undefined): Promise<{ url: string; stop: () => Promise<void> }> {
  if (given === 'debian') return startDebianPostgres();
  if (given !== undefined && given !== '') return { url: given, stop: async () => {} };
  const folder = await throwawayFolder('waffo-postgres-');
  try {
    const server = await startEmbedded({ dataFolder: join(folder.path, 'database') });
    return { url: server.url, stop: () => server.stop().finally(folder.remove) };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

async function prepare(url: string, template: string): Promise<void> {
  const admin = await openDatabase({ url, poolSize: 1 });
  await admin.rows({
    name: 'test/create-template',
    text: `create database ${template} template template0 encoding 'UTF8'`,
  });
  await admin.close();
  const database = await openDatabase({ url: otherDatabase(url, template), poolSize: 1 });
  await migrate(database, { clock: realClock });
  await database.close();
}
