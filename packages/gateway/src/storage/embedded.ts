/**
 * The embedded database: a real PostgreSQL from npm packages under our own supervision, for when the operator names
 * none. It listens on a Unix socket only, is never started beside a living one, and is started again when it dies. On
 * Windows it listens on loopback, with the same password; that road is untested.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../observe/log.ts';
import { type Account, accountFor, own } from './embedded-account.ts';
import { type Binaries, findBinaries } from './embedded-binaries.ts';
import { answers, clearFolder, isAlive } from './embedded-owner.ts';
import { run, type Server, type ServerOptions, startServer } from './embedded-server.ts';
import { type Address, addressFor, leaveAddress } from './embedded-socket.ts';

export interface EmbeddedOptions {
  /** Where the data rest; made when absent. The folder above it is ours, too. */
  readonly dataFolder: string;
  /** Another PostgreSQL than the npm package's. */
  readonly binaries?: Binaries;
  readonly log?: Pick<Log, 'warn' | 'error'>;
}

export interface Embedded {
  /** Connection string over the socket, of a role that owns the database and may make others, but is no superuser. */
  readonly url: string;
  readonly description: string;
  /** Pid of the postmaster that runs now. */
  pid(): number | undefined;
  /** Ends the server in order; resolves when it is gone. */
  stop(): Promise<void>;
}

const role = 'waffo';
const passwordFile = 'gateway-password';
const mostTries = 6;

/**
 * Starts the server, making its data folder on first use.
 *
 * @throws Error with one sentence when another gateway uses the folder, or this system cannot run the server
 * @example
 * const server = await startEmbedded({ dataFolder: '/var/lib/waffo/database' });
 * const database = await openDatabase({ url: server.url });
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const dataFolder = resolve(options.dataFolder);
  const { log } = options;
  await mkdir(dirname(dataFolder), { recursive: true, mode: 0o700 });
  const binaries = options.binaries ?? (await findBinaries(`${dataFolder}-libraries`));
  const account = await accountFor(dataFolder, binaries);
  const address = await addressFor(dataFolder, account);
  const password = await initialise(dataFolder, binaries, account);
  const server = await startAlone({ dataFolder, binaries, account, address, ...(log && { log }) });
  return {
    url: urlOf(address, password),
    description: `PostgreSQL ${binaries.version} (embedded) in ${dataFolder}`,
    pid: server.pid,
    stop: () => server.stop().finally(() => leaveAddress(address)),
  };
}

/**
 * The server of a gateway that runs on the folder; without one, a server of our own. For a command of the operator, which
 * works beside the gateway as well as alone.
 *
 * @throws Error as `startEmbedded` does
 */
export async function shareEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const dataFolder = resolve(options.dataFolder);
  if (process.platform === 'win32' || !existsSync(join(dataFolder, 'postmaster.pid'))) return startEmbedded(options);
  const binaries = options.binaries ?? (await findBinaries(`${dataFolder}-libraries`));
  const address = await addressFor(dataFolder, await accountFor(dataFolder, binaries));
  if (!(await answers(address))) return startEmbedded(options);
  return {
    url: urlOf(address, await passwordIn(dataFolder)),
    description: `PostgreSQL ${binaries.version} (embedded, of the gateway that runs) in ${dataFolder}`,
    pid: () => undefined,
    stop: () => Promise.resolve(),
  };
}

const passwordIn = async (dataFolder: string): Promise<string> =>
  (await readFile(join(dataFolder, passwordFile), 'utf8')).trim();

/** The host parameter holds what a URL's host cannot: the path of a socket. */
const urlOf = ({ host, port }: Address, password: string): string =>
  `postgres://${role}:${password}@localhost:${port}/${role}?host=${encodeURIComponent(host)}`;

/** Stops what a killed gateway left, then starts. PostgreSQL itself lets only one of several starts at once succeed. */
async function startAlone(options: ServerOptions): Promise<Server> {
  for (let tries = 1; ; tries++) {
    await clearFolder(options.dataFolder, options.address);
    try {
      return await startServer(options);
    } catch (error) {
      // Another start was faster, or children of a killed server still hold its memory: look again.
      if (tries === mostTries) throw error;
      await sleep(tries * 100);
    }
  }
}

/**
 * Makes the data folder beside its place and renames it, so that a kill in the middle leaves nothing half made, and
 * several who start at once agree on one.
 *
 * @returns the role's password
 */
async function initialise(dataFolder: string, binaries: Binaries, account: Account): Promise<string> {
  const version = join(dataFolder, 'PG_VERSION');
  if (!existsSync(version)) {
    await removeLeftOvers(dataFolder);
    const made = `${dataFolder}.new-${process.pid}-${randomBytes(4).toString('hex')}`;
    try {
      await fill(made, binaries, account);
      await rename(made, dataFolder).catch((error: unknown) => {
        if (!existsSync(version)) throw error;
      });
    } finally {
      await rm(made, { recursive: true, force: true });
    }
  }
  const major = (await readFile(version, 'utf8')).trim();
  if (major !== binaries.version.split('.')[0]) {
    throw new Error(
      `${dataFolder} is of PostgreSQL ${major} and cannot be read by ${binaries.version}: move the data over`,
    );
  }
  return passwordIn(dataFolder);
}

async function fill(folder: string, binaries: Binaries, account: Account): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  await own([folder], account);
  const as = { binaries, account };
  const layout = ['--username=postgres', '--auth=reject', '--encoding=UTF8', '--locale=C', '--no-instructions'];
  await run(binaries.initdb, ['-D', folder, ...layout], as);
  const password = randomBytes(24).toString('hex');
  const statements = [
    `create role ${role} login createdb password '${password}'`,
    `create database ${role} owner ${role}`,
  ];
  await run(binaries.postgres, ['--single', '-D', folder, 'postgres'], as, `${statements.join('\n')}\n`);
  const files = { [passwordFile]: `${password}\n`, 'pg_hba.conf': access, 'postgresql.auto.conf': settings };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text, { mode: 0o600, flush: true });
    await own([join(folder, name)], account);
  }
}

/** What a start that was killed left half made. */
async function removeLeftOvers(dataFolder: string): Promise<void> {
  const prefix = `${basename(dataFolder)}.new-`;
  for (const name of await readdir(dirname(dataFolder))) {
    if (!name.startsWith(prefix) || isAlive(Number(name.slice(prefix.length).split('-')[0]))) continue;
    // An `initdb` that lives a moment longer may write on; the next start finds the rest.
    await rm(join(dirname(dataFolder), name), { recursive: true, force: true }).catch(() => {});
  }
}

/** Nobody is let in but our role; the superuser has no password and no door. */
const access = `local all ${role} scram-sha-256\nhost all ${role} 127.0.0.1/32 scram-sha-256\n`;

/** Statements and parameters stay out of the server's log: they may hold sealed cards (D-21). */
const settings = `
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_min_error_statement = panic
`;
