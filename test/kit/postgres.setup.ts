/**
 * One PostgreSQL for the whole run: the embedded server, or the one that TEST_DATABASE_URL names (its role must be
 * allowed to create databases). It holds a migrated template that each test file clones.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { realClock } from '../../packages/gateway/src/clock.ts';
import { startEmbedded } from '../../packages/gateway/src/storage/embedded.ts';
import { migrate } from '../../packages/gateway/src/storage/migrate.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';

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

/** The projects of one run share the server, though each loads this file for itself. */
const place = globalThis as { waffoTestServer?: { users: number; server: Promise<Server> } | undefined };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  place.waffoTestServer ??= { users: 0, server: start() };
  const shared = place.waffoTestServer;
  shared.users += 1;
  const { url, template } = await shared.server;
  project.provide('databaseServer', url);
  project.provide('templateDatabase', template);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    place.waffoTestServer = undefined;
    await (await shared.server).stop();
  };
}

async function start(): Promise<Server> {
  const given = process.env.TEST_DATABASE_URL;
  const folder = await mkdtemp(join(tmpdir(), 'waffo-postgres-'));
  const embedded = given === undefined ? await startEmbedded({ dataFolder: join(folder, 'database') }) : undefined;
  const url = given ?? embedded?.url ?? '';
  const template = `waffo_template_${process.pid}`;
  const admin = await openDatabase({ url, poolSize: 1 });
  await admin.rows({ name: 'test/create-template', text: `create database ${template}` });
  const database = await openDatabase({ url: urlOf(url, template), poolSize: 1 });
  await migrate(database, { clock: realClock });
  await database.close();
  return {
    url,
    template,
    async stop() {
      await admin.rows({ name: 'test/drop-template', text: `drop database ${template} with (force)` });
      await admin.close();
      await embedded?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The same server, another database. */
function urlOf(url: string, name: string): string {
  return url.replace(/(\/)([^/?]*)(\?|$)/, `$1${name}$3`);
}
