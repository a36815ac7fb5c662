/**
 * What stands before anything is served: settings → clock, log, migrated database, opened key ring. The gateway builds on
 * it, and so does every command of the operator.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, realClock } from './clock.ts';
import type { Config, KekSource } from './config.ts';
import { createLog, type Log } from './observe/log.ts';
import { type Metrics, measure } from './observe/metrics.ts';
import { refuseLiveIn } from './production.ts';
import type { Database } from './storage/database.ts';
import { shareEmbedded, startEmbedded } from './storage/embedded.ts';
import { migrate, requireMigrated, SchemaAhead } from './storage/migrate.ts';
import { openDatabase } from './storage/postgres.ts';
import { passesWalls } from './storage/walls.ts';
import { heldKeks, type KekProvider } from './vault/kek.ts';
import { keksFromVariable } from './vault/kek-environment.ts';
import { createKeyFile, keksFromFiles } from './vault/kek-file.ts';
import { watchKeks } from './vault/kek-watch.ts';
import { isSealed, type Keyring, openKeyring } from './vault/keyring.ts';

export interface Ground {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly database: Database;
  readonly kek: KekProvider;
  readonly keyring: Keyring;
  /** How many migrations were applied just now; `ahead`: a newer version's are there. */
  readonly migrated: number | 'ahead';
  /** Rejects when the operator's keys are no longer there, or no longer this database's. */
  checkKeks(): Promise<void>;
  /** Closes the database, and ends the embedded server when this process started it. */
  close(): Promise<void>;
}

export interface GroundParts {
  /** The machine's when absent. */
  readonly clock?: Clock;
  /** Receives each log line; standard error when absent. */
  readonly writeLog?: (line: string) => void;
  /** Whether a server that a running gateway started may be used, too: a command may, a second gateway may not. */
  readonly besideGateway?: boolean;
  /** Whether the schema is brought up to date; absent: in the sandbox only, for in production that is a command of its own. */
  readonly mayMigrate?: boolean;
}

/**
 * @param config - from `configFrom`
 * @throws Error with one sentence for the operator when a key or the database cannot be used
 */
export async function openGround(config: Config, parts: GroundParts = {}): Promise<Ground> {
  const clock = parts.clock ?? realClock;
  const write = parts.writeLog ?? ((line: string) => process.stderr.write(line));
  const { log, metrics } = measure(createLog({ level: config.logLevel, write }));
  await mkdir(config.home, { recursive: true, mode: 0o700 });
  const { database, close } = await openStorage(config, log, parts.besideGateway ?? false);
  try {
    if (config.environment === 'sandbox') await refuseLiveIn(database);
    const mayMigrate = parts.mayMigrate ?? config.environment === 'sandbox';
    const migrated = mayMigrate
      ? await bringUp(config, database, clock)
      : await requireMigrated(database).then(() => 0);
    if (await passesWalls(database)) {
      log.warn(
        'the database role is a superuser or has BYPASSRLS: row-level security does not hold it; use an ordinary role',
      );
    }
    const kek = await openKeks(config.kek, database);
    const keyring = await openKeyring({ database, kek, clock });
    const checkKeks = watchKeks({ database, kek: keksOf(config.kek), clock });
    return { config, clock, log, metrics, database, kek, keyring, migrated, checkKeks, close };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}

/**
 * The ground for as long as a command's work takes, also beside a running gateway.
 *
 * @example
 * await withGround(configFrom(), ({ keyring }) => list(keyring));
 */
export async function withGround<Result>(
  config: Config,
  work: (ground: Ground) => Promise<Result>,
  parts: Pick<GroundParts, 'mayMigrate'> = {},
): Promise<Result> {
  const ground = await openGround(config, { ...parts, besideGateway: true });
  try {
    return await work(ground);
  } finally {
    await ground.close();
  }
}

/** Production may go back to an older version, whose steps are the same; a sandbox has no reason to. */
async function bringUp(config: Config, database: Database, clock: Clock): Promise<number | 'ahead'> {
  try {
    return await migrate(database, { clock });
  } catch (error) {
    if (config.environment === 'sandbox' || !(error instanceof SchemaAhead)) throw error;
    await requireMigrated(database);
    return 'ahead';
  }
}

/** The first start of a database makes its key files; a later one never does. */
async function openKeks(source: KekSource, database: Database): Promise<KekProvider> {
  if (source.kind === 'file' && !(await isSealed(database))) for (const path of source.paths) await createKeyFile(path);
  return keksOf(source);
}

const keksOf = (source: KekSource): KekProvider =>
  source.kind === 'variable'
    ? heldKeks('WAFFO_KEK', async () => keksFromVariable(source.text()))
    : heldKeks('the key file', () => keksFromFiles(source.paths));

async function openStorage(config: Config, log: Log, share: boolean): Promise<Pick<Ground, 'database' | 'close'>> {
  if (config.databaseUrl !== undefined) {
    const url = await withPassword(config.databaseUrl, config.databasePasswordFile);
    const database = await openDatabase({ url, poolSize: config.databaseConnections });
    return { database, close: () => database.close() };
  }
  const server = await (share ? shareEmbedded : startEmbedded)({ dataFolder: join(config.home, 'database'), log });
  const stop = () => server.stop();
  const database = await openDatabase({
    url: server.url,
    description: server.description,
    poolSize: config.databaseConnections,
  }).catch((error: unknown) => stop().then(() => Promise.reject(error)));
  return { database, close: () => database.close().finally(stop) };
}

async function withPassword(text: string, path: string | undefined): Promise<string> {
  if (path === undefined) return text;
  const password = await readFile(path, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw new Error(`${path}, named in WAFFO_DATABASE_PASSWORD_FILE, cannot be read (${code})`);
  });
  const url = new URL(text);
  url.password = encodeURIComponent(password.trim());
  return url.href;
}
