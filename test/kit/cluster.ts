/**
 * One PostgreSQL server on a Unix socket in a throwaway folder, without anybody who watches over it: it stays dead until it is
 * launched again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../packages/gateway/src/storage/database.ts';
import { type Account, own } from '../../packages/gateway/src/storage/embedded-account.ts';
import type { Binaries } from '../../packages/gateway/src/storage/embedded-binaries.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';

/** What the clusters of a test have in common. */
export interface Place {
  readonly folder: string;
  readonly binaries: Binaries;
  readonly account: Account;
  /** Of every role. */
  readonly password: string;
}

export interface Cluster {
  readonly dataFolder: string;
  readonly socketFolder: string;
  readonly process: ChildProcess;
}

const readyWithinMs = 60_000;
export const clusterPort = '5432';

/**
 * @param dataFolder - initialised, and called `data-…`
 * @param extra - settings of the server besides ours
 * @returns once it accepts connections
 * @throws Error with what it printed when it does not
 */
export async function launch(
  { binaries, account }: Place,
  dataFolder: string,
  extra: Readonly<Record<string, string>> = {},
): Promise<Cluster> {
  const socketFolder = dataFolder.replace('data-', 'run-');
  await mkdir(socketFolder, { mode: 0o700, recursive: true });
  await own([socketFolder], account);
  const settings = {
    listen_addresses: '',
    unix_socket_directories: socketFolder,
    synchronous_commit: 'on',
    fsync: 'on',
    ...extra,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [program = '', ...rest] = [...account.prefix, binaries.postgres, '-D', dataFolder, '-p', clusterPort, ...args];
  const child = spawn(program, rest, {
    ...(account.prefix.length === 0 && account.ids),
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', LD_LIBRARY_PATH: binaries.libraryPath },
  });
  let printed = '';
  const ready = new Promise<'ready'>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      printed = `${printed}${chunk}`.slice(-4_000);
      if (/ready to accept (read-only )?connections/.test(printed)) resolve('ready');
    });
  });
  const late = sleep(readyWithinMs, 'late' as const, { ref: false });
  if ((await Promise.race([ready, once(child, 'exit'), late])) !== 'ready') {
    await end(child, 'SIGKILL');
    throw new Error(`PostgreSQL did not start: ${printed}`);
  }
  return { dataFolder, socketFolder, process: child };
}

export const urlOf = ({ password }: Place, { socketFolder }: Cluster, role: string, database: string): string =>
  `postgres://${role}:${password}@localhost/${database}?host=${encodeURIComponent(socketFolder)}`;

export async function asOperator<T>(
  place: Place,
  cluster: Cluster,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await openDatabase({ url: urlOf(place, cluster, 'operator', 'postgres'), poolSize: 1 });
  return work(database).finally(database.close);
}

/** The database `waffo` and its owner, the ordinary role `gateway`. */
export const makeDatabase = (place: Place, cluster: Cluster): Promise<void> =>
  asOperator(place, cluster, async ({ rows }) => {
    await rows({ name: 'test/role', text: `create role gateway login password '${place.password}'` });
    await rows({ name: 'test/database', text: 'create database waffo owner gateway' });
  });

/**
 * Kills a server and all its processes, as a machine that loses its power. The first is frozen before, or it would start others
 * in the place of those that are gone.
 */
export async function killAtOnce({ process: child }: Cluster): Promise<void> {
  const { pid } = child;
  if (pid === undefined) throw new Error('the server does not run');
  process.kill(pid, 'SIGSTOP');
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  for (const one of [...children.trim().split(/\s+/).map(Number), pid]) process.kill(one, 'SIGKILL');
  await end(child, 'SIGKILL');
}

/** Resolves when the server is gone. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
