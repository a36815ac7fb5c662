/** The composition root: settings → a running gateway. A list, not a place for logic. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, realClock } from './clock.ts';
import type { Config } from './config.ts';
import { singleConnector } from './connector/registry.ts';
import { sandboxAcquirer } from './connector/sandbox/acquirer.ts';
import { sandboxAcs } from './connector/sandbox/acs.ts';
import { armCrashPoint } from './crash-point.ts';
import type { Gateway } from './gateway.ts';
import { buildHttp } from './http/app.ts';
import { type Listener, listen } from './http/listen.ts';
import { type Runner, startRunner } from './job/runner.ts';
import { together } from './job/runners.ts';
import { jobsOf } from './jobs.ts';
import { openPlatformKeys } from './merchant/platform-keys.ts';
import { ensureSandbox, type SandboxFile } from './merchant/sandbox-home.ts';
import { createLog, type Log } from './observe/log.ts';
import { operations } from './operations.ts';
import { pages } from './pages.ts';
import type { Database } from './storage/database.ts';
import { startEmbedded } from './storage/embedded.ts';
import { migrate } from './storage/migrate.ts';
import { openDatabase } from './storage/postgres.ts';
import { kekFromFile } from './vault/kek-file.ts';
import { isSealed, openKeyring } from './vault/keyring.ts';
import { createEgress } from './webhook/egress.ts';

export interface App {
  /** Origin, e.g. `http://127.0.0.1:4010`. */
  readonly url: string;
  readonly gateway: Gateway;
  readonly runner: Runner;
  readonly sandbox: SandboxFile;
  /** Stops listening, lets running work end, closes the database. */
  stop(): Promise<void>;
}

export interface Parts {
  /** The machine's when absent. */
  readonly clock?: Clock;
  /** Receives each log line; standard error when absent. */
  readonly writeLog?: (line: string) => void;
}

/**
 * Starts a gateway.
 *
 * @param config - from `configFrom`
 * @param parts - what a test puts in the place of the real thing
 * @throws Error with one sentence for the operator when a key, the database or the port cannot be used
 */
export async function startApp(config: Config, parts: Parts = {}): Promise<App> {
  armCrashPoint(config.crashAt, config.home);
  const clock = parts.clock ?? realClock;
  const log = createLog({ level: config.logLevel, write: parts.writeLog ?? ((line) => process.stderr.write(line)) });
  await mkdir(config.home, { recursive: true, mode: 0o700 });
  const storage = await openStorage(config, log);
  const undo: (() => Promise<void>)[] = [storage.close];
  try {
    return await compose(config, { clock, log, database: storage.database }, undo);
  } catch (error) {
    await stopAll(undo);
    throw error;
  }
}

type Ground = { clock: Clock; log: Log; database: Database };

async function compose(config: Config, ground: Ground, undo: (() => Promise<void>)[]): Promise<App> {
  const { clock, log, database } = ground;
  await migrate(database, { clock });
  const kek = await kekFromFile(config.kekFile, { create: !(await isSealed(database)) });
  const keyring = await openKeyring({ database, kek, clock });
  const platformKeys = await openPlatformKeys({ database, keyring, clock });
  const sandbox = config.environment === 'sandbox';
  const egress = createEgress({ allowLoopback: sandbox, allowHttp: sandbox });
  undo.unshift(() => Promise.resolve(egress.close()));
  const connectors = singleConnector(
    sandboxAcquirer({ database, clock }),
    sandboxAcs({ database, clock, code: config.sandboxCode }),
  );
  let runner: Runner | undefined;
  let url = config.publicUrl ?? '';
  const gateway: Gateway = {
    config,
    clock,
    log,
    database,
    keyring,
    platformKeys,
    connectors,
    egress,
    publicUrl: () => url,
    nudge: () => runner?.nudge(),
  };
  const http = await buildHttp(gateway, operations, pages);
  const listener: Listener = await listen(http, config);
  undo.unshift(listener.stop);
  url = config.publicUrl ?? listener.url;
  const file = await ensureSandbox(gateway, {
    home: config.home,
    publicUrl: url,
    demoUrl: `http://127.0.0.1:${config.demoPort}`,
  });
  runner = together(jobsOf(gateway).map((jobs) => startRunner({ database, clock, log }, jobs)));
  undo.unshift(runner.stop);
  return { url, gateway, runner, sandbox: file, stop: () => stopAll(undo) };
}

async function openStorage(config: Config, log: Log): Promise<{ database: Database; close: () => Promise<void> }> {
  if (config.databaseUrl !== undefined) {
    const database = await openDatabase({ url: config.databaseUrl });
    return { database, close: () => database.close() };
  }
  const server = await startEmbedded({ dataFolder: join(config.home, 'database'), log });
  const database = await openDatabase({ url: server.url, description: server.description });
  return { database, close: () => stopAll([() => database.close(), () => server.stop()]) };
}

/** Stops everything, also when one part fails to. */
async function stopAll(steps: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps.splice(0)) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
