/**
 * A database in which a gateway has started once and stopped in order, and the home that fits it: it makes five pairs of keys when it
 * starts, and a pair takes a fifth of a second. Gateways of tests begin with copies of both.
 */
import { startApp } from '../../packages/gateway/src/app.ts';
import { VirtualClock } from '../../packages/gateway/src/clock.ts';
import { configFrom } from '../../packages/gateway/src/config.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import { beginning } from './beginning.ts';
import { otherDatabase } from './database-url.ts';
import { forAllProjects } from './for-all-projects.ts';
import { throwawayFolder } from './throwaway-folder.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The database to clone. */
    furnishedDatabase?: string;
    /** A WAFFO_HOME that nobody uses. */
    furnishedHome?: string;
  }
}

interface Furnished {
  readonly database: string;
  readonly home: string;
  remove(): Promise<void>;
}

export default forAllProjects(
  'furnished',
  (project) => {
    const { databaseServer, templateDatabase } = project.getProvidedContext();
    return furnish(databaseServer, templateDatabase);
  },
  (project, { database, home }) => {
    project.provide('furnishedDatabase', database);
    project.provide('furnishedHome', home);
  },
  ({ remove }) => remove(),
);

async function furnish(server: string, template: string): Promise<Furnished> {
  const database = template.replace('template', 'furnished');
  const admin = await openDatabase({ url: server, poolSize: 1 });
  const folder = await throwawayFolder('waffo-furnished-');
  const remove = async () => {
    await admin.rows({ name: 'test/drop-furnished', text: `drop database if exists ${database} with (force)` });
    await admin.close();
    await folder.remove();
  };
  try {
    await admin.rows({ name: 'test/create-furnished', text: `create database ${database} template ${template}` });
    await startOnce(folder.path, otherDatabase(server, database));
    return { database, home: folder.path, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function startOnce(home: string, databaseUrl: string): Promise<void> {
  const config = configFrom({ WAFFO_HOME: home, WAFFO_PORT: '0', WAFFO_DATABASE_URL: databaseUrl });
  const app = await startApp(config, { clock: new VirtualClock(beginning), writeLog: () => {} });
  await app.runner.drain();
  await app.stop();
}
