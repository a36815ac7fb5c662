/**
 * The embedded database: a real PostgreSQL from npm packages under our own supervision, for when the operator names
 * none. It listens on a Unix socket only, is never started beside a living one, and is started again when it dies. On
 * Windows it listens on loopback with a password instead; that road is untested.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Log } from '../observe/log.ts';
import { type Account, accountFor, own } from './embedded-account.ts';
import { findBinaries, type Binaries } from './embedded-binaries.ts';
import { holdFolder } from './embedded-owner.ts';
import { run, startServer, stopLeftOver, type Server } from './embedded-server.ts';
import { socketFolderOf } from './embedded-socket.ts';

export interface EmbeddedOptions {
  /** Where the data rest; made when absent. */
  readonly dataFolder: string;
  readonly log?: Pick<Log, 'warn' | 'error'>;
}

export interface Embedded {
  /** Connection string of the superuser, over the socket. */
  readonly url: string;
  readonly description: string;
  /** Pid of the postmaster that runs now. */
  pid(): number | undefined;
  stop(): Promise<void>;
}

const user = 'waffo';

/**
 * Starts the server, making its data folder on first use.
 *
 * @throws Error with one sentence when another gateway uses the folder, or this system has no binaries
 */
export async function startEmbedded({ dataFolder, log }: EmbeddedOptions): Promise<Embedded> {
  const folder = dirname(dataFolder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const binaries = await findBinaries(join(folder, 'database-libraries'));
  const account = await accountFor(folder, binaries);
  const socketFolder = await socketFolderOf(dataFolder, account);
  const password = await initialise(dataFolder, binaries, account);
  const url = `postgres://${user}:${password}@/postgres?host=${encodeURIComponent(socketFolder)}`;
  await holdFolder.refuseIfHeld(url, dataFolder);
  await stopLeftOver(dataFolder);
  const server: Server = await startServer({ dataFolder, binaries, account, socketFolder, ...(log && { log }) });
  try {
    const release = await holdFolder.hold(url, dataFolder);
    return {
      url,
      description: `PostgreSQL ${binaries.version} (embedded) in ${dataFolder}`,
      pid: server.pid,
      stop: async () => {
        await release();
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Runs `initdb` in a folder beside and renames it, so that a kill in the middle leaves nothing half made. */
async function initialise(dataFolder: string, binaries: Binaries, account: Account): Promise<string> {
  const passwordFile = join(dirname(dataFolder), 'database-password');
  if (existsSync(join(dataFolder, 'PG_VERSION'))) return (await readFile(passwordFile, 'utf8')).trim();
  const made = `${dataFolder}.new`;
  await rm(made, { recursive: true, force: true });
  await mkdir(made, { mode: 0o700 });
  const password = randomBytes(24).toString('hex');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  const handed = `${dataFolder}.password`;
  await writeFile(handed, `${password}\n`, { mode: 0o600 });
  await own([made, handed], account);
  try {
    await run(binaries.initdb, initdbArguments(made, handed), binaries, account);
  } finally {
    await rm(handed, { force: true });
  }
  await writeFile(join(made, 'postgresql.auto.conf'), settings);
  await own([join(made, 'postgresql.auto.conf')], account);
  await chmod(join(made, 'postgresql.auto.conf'), 0o600);
  await rename(made, dataFolder);
  return password;
}

const initdbArguments = (folder: string, passwordFile: string): string[] => [
  ['-D', folder],
  ['-U', user],
  ['--pwfile', passwordFile],
  ['--auth', 'scram-sha-256'],
  ['--encoding', 'UTF8'],
  ['--locale', 'C'],
  ['--no-instructions'],
].flat();

/** Parameters stay out of the server's log: they may be sealed cards, and habits spread (D-21). */
const settings = `
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_min_error_statement = panic
`;
