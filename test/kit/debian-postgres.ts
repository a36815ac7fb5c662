/**
 * A PostgreSQL that was installed separately: a throwaway cluster of Debian's `postgresql` package, on a socket only,
 * under an unprivileged account. The whole story runs on it as it would on an operator's own server.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Account, accountFor, own } from '../../packages/gateway/src/storage/embedded-account.ts';
import type { Binaries } from '../../packages/gateway/src/storage/embedded-binaries.ts';
import { run, startServer } from '../../packages/gateway/src/storage/embedded-server.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import { throwawayFolder } from './throwaway-folder.ts';

const place = '/usr/lib/postgresql';
const runFile = promisify(execFile);

export interface DebianPostgres {
  /** Connection string of an ordinary role that may create databases: no superuser, for walls do not hold one. */
  readonly url: string;
  /** e.g. `15` */
  readonly version: string;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

/**
 * Starts a cluster, installing the package first when it is missing and we are root.
 *
 * @throws Error with one sentence when it is missing and we may not install it
 */
export async function startDebianPostgres(): Promise<DebianPostgres> {
  const binaries = await debianBinaries();
  const folder = await throwawayFolder('waffo-debian-');
  try {
    const dataFolder = join(folder.path, 'data');
    const account = await accountFor(dataFolder, binaries);
    const password = await initialise(dataFolder, binaries, account);
    const socketFolder = join(folder.path, 'run');
    await mkdir(socketFolder, { mode: 0o700 });
    await own([socketFolder], account);
    const server = await startServer({ dataFolder, binaries, account, address: { host: socketFolder, port: 5432 } });
    const urlOf = (role: string) =>
      `postgres://${role}:${password}@localhost/postgres?host=${encodeURIComponent(socketFolder)}`;
    const operator = await openDatabase({ url: urlOf('operator'), poolSize: 1 });
    await operator.rows({ name: 'test/role', text: `create role gateway login createdb password '${password}'` });
    await operator.close();
    return {
      url: urlOf('gateway'),
      version: binaries.version,
      stop: () => server.stop().finally(folder.remove),
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** @returns the password of the superuser `operator` */
export async function initialise(dataFolder: string, binaries: Binaries, account: Account): Promise<string> {
  const password = randomBytes(16).toString('hex');
  const passwordFile = `${dataFolder}.password`;
  await writeFile(passwordFile, password, { mode: 0o600 });
  await mkdir(dataFolder, { mode: 0o700 });
  await own([dataFolder, passwordFile], account);
  const layout = [
    '--username=operator',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
  ];
  await run(binaries.initdb, ['-D', dataFolder, ...layout], { binaries, account });
  return password;
}

/** @throws Error with one sentence when the package is missing and we may not install it */
export async function debianBinaries(): Promise<Binaries> {
  const found = (await installed()) ?? (await install());
  if (found === undefined) throw new Error(`${place} holds no PostgreSQL of version 15 or later`);
  const folder = join(place, found);
  return {
    folder,
    initdb: join(folder, 'bin', 'initdb'),
    postgres: join(folder, 'bin', 'postgres'),
    libraryPath: '',
    version: found,
  };
}

/** The oldest version that we promise to run on comes first. */
async function installed(): Promise<string | undefined> {
  const versions = await readdir(place).catch(() => []);
  return versions
    .filter((version) => Number(version) >= 15 && existsSync(join(place, version, 'bin', 'initdb')))
    .sort((a, b) => Number(a) - Number(b))[0];
}

async function install(): Promise<string | undefined> {
  const missing = 'PostgreSQL is not installed: run apt-get install postgresql';
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Error(missing);
  process.stderr.write('Installing the Debian package postgresql for the tests …\n');
  const apt = (...args: string[]) =>
    runFile('apt-get', ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 10_000_000,
    });
  // Without fresh lists the install may still succeed, and it tells what is wrong if not.
  await apt('update').catch(() => {});
  await apt('install', '--no-install-recommends', 'postgresql').catch((error: unknown) => {
    throw new Error(missing, { cause: error });
  });
  return installed();
}
