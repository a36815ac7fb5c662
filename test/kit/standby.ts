/**
 * A primary and its standby, as an operator runs them: two clusters of Debian's PostgreSQL, the second made by `pg_basebackup`
 * and streaming from the first. The primary can be killed with everything that belongs to it, the standby promoted, and a
 * new standby made, as often as wanted. They listen on Unix sockets in a throwaway folder only.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../packages/gateway/src/storage/database.ts';
import { type Account, accountFor, own } from '../../packages/gateway/src/storage/embedded-account.ts';
import type { Binaries } from '../../packages/gateway/src/storage/embedded-binaries.ts';
import { run } from '../../packages/gateway/src/storage/embedded-server.ts';
import { openDatabase } from '../../packages/gateway/src/storage/postgres.ts';
import { debianBinaries, initialise } from './debian-postgres.ts';
import { throwawayFolder } from './throwaway-folder.ts';

export interface StandbyPair {
  /** e.g. `15` */
  readonly version: string;
  /** Connection string of the primary of the moment, of an ordinary role that owns the database. */
  url(): string;
  /** From now on the standby hears nothing of what the primary writes. */
  cutStandbyOff(): Promise<void>;
  /** Somebody is impatient: commits that wait for the standby are cancelled. @returns how many */
  cancelWaitingCommits(): Promise<number>;
  /** Kills the primary and all its processes at once, as a machine that loses its power. */
  killPrimary(): Promise<void>;
  /** The standby becomes the primary. */
  promote(): Promise<void>;
  /** Makes a new standby of the primary of the moment; resolves once commits wait for it. */
  addStandby(): Promise<void>;
  stop(): Promise<void>;
}

interface Place {
  readonly folder: string;
  readonly binaries: Binaries;
  readonly account: Account;
  readonly password: string;
}

interface Cluster {
  readonly dataFolder: string;
  readonly socketFolder: string;
  readonly process: ChildProcess;
}

const cancelWaiting = {
  name: 'test/cancel',
  text: `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`,
};

const readyWithinMs = 60_000;
const port = '5432';

/**
 * @param options.synchronous - false: commits do not wait for the standby, which is what the proof must notice
 * @throws Error with one sentence when Debian's PostgreSQL is missing and may not be installed
 */
export async function startStandbyPair(options: { readonly synchronous: boolean }): Promise<StandbyPair> {
  const binaries = await debianBinaries();
  const { path: folder, remove } = await throwawayFolder('waffo-standby-');
  let count = 0;
  let primary: Cluster | undefined;
  let standby: Cluster | undefined;
  const stop = async () => {
    for (const cluster of [standby, primary]) if (cluster !== undefined) await end(cluster.process, 'SIGQUIT');
    await remove();
  };
  try {
    const first = join(folder, `data-${++count}`);
    const account = await accountFor(first, binaries);
    const password = await initialise(first, binaries, account);
    const place: Place = { folder, binaries, account, password };
    primary = await launch(place, first);
    await asOperator(place, primary, async ({ rows }) => {
      await rows({ name: 'test/role', text: `create role gateway login password '${password}'` });
      await rows({ name: 'test/database', text: 'create database waffo owner gateway' });
    });
    const current = (): Cluster => {
      if (primary === undefined) throw new Error('there is no primary');
      return primary;
    };
    const addStandby = async () => {
      standby = await cloneOf(place, current(), join(folder, `data-${++count}`));
      await asOperator(place, current(), (database) => attach(database, options.synchronous));
    };
    await addStandby();
    return {
      version: binaries.version,
      url: () => urlOf(place, current(), 'gateway', 'waffo'),
      cutStandbyOff: () =>
        asOperator(place, current(), async ({ rows }) => {
          const [sender] = await rows<{ pid: number }>({
            name: 'test/sender',
            text: 'select pid from pg_stat_replication',
          });
          if (sender === undefined) throw new Error('no standby is attached');
          process.kill(sender.pid, 'SIGSTOP');
        }),
      cancelWaitingCommits: () => asOperator(place, current(), async ({ rows }) => (await rows(cancelWaiting)).length),
      async killPrimary() {
        await killAtOnce(current().process);
        primary = undefined;
      },
      async promote() {
        if (standby === undefined) throw new Error('there is no standby');
        await run(join(binaries.folder, 'bin/pg_ctl'), ['promote', '-w', '-D', standby.dataFolder], place);
        primary = standby;
        standby = undefined;
      },
      addStandby,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const urlOf = ({ password }: Place, { socketFolder }: Cluster, role: string, database: string) =>
  `postgres://${role}:${password}@localhost/${database}?host=${encodeURIComponent(socketFolder)}`;

async function asOperator<T>(place: Place, cluster: Cluster, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase({ url: urlOf(place, cluster, 'operator', 'postgres'), poolSize: 1 });
  return work(database).finally(database.close);
}

/** A base backup with the settings of a standby in it, started. */
async function cloneOf(place: Place, from: Cluster, dataFolder: string): Promise<Cluster> {
  const { binaries, account, password } = place;
  await mkdir(dataFolder, { mode: 0o700 });
  await own([dataFolder], account);
  const source = `host=${from.socketFolder} port=${port} user=operator password=${password}`;
  const options = ['--pgdata', dataFolder, '--dbname', source, '--checkpoint=fast', '--wal-method=stream'];
  await run(join(binaries.folder, 'bin/pg_basebackup'), [...options, '--write-recovery-conf'], { binaries, account });
  return launch(place, dataFolder);
}

/** Only now, so that no base backup carries the wish for a standby to one that is promoted and has none. */
async function attach({ rows }: Database, synchronous: boolean): Promise<void> {
  if (synchronous) {
    await rows({ name: 'test/synchronous', text: `alter system set synchronous_standby_names = '*'` });
    await rows({ name: 'test/reload', text: 'select pg_reload_conf()' });
  }
  const wanted = synchronous ? 'sync' : 'async';
  for (const until = Date.now() + readyWithinMs; Date.now() < until; await sleep(50)) {
    const [row] = await rows<{ state: string; sync: string }>({
      name: 'test/attached',
      text: 'select state, sync_state as sync from pg_stat_replication',
    });
    if (row?.state === 'streaming' && row.sync === wanted) return;
  }
  throw new Error('the standby does not stream');
}

async function launch({ binaries, account }: Place, dataFolder: string): Promise<Cluster> {
  const socketFolder = dataFolder.replace('data-', 'run-');
  await mkdir(socketFolder, { mode: 0o700 });
  await own([socketFolder], account);
  const settings = {
    listen_addresses: '',
    unix_socket_directories: socketFolder,
    synchronous_commit: 'on',
    fsync: 'on',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [program = '', ...rest] = [...account.prefix, binaries.postgres, '-D', dataFolder, '-p', port, ...args];
  const child = spawn(program, rest, {
    ...(account.prefix.length === 0 && account.ids),
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
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

/** The first process is frozen, or it would start others in the place of those that are gone. */
async function killAtOnce(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) throw new Error('the primary does not run');
  process.kill(pid, 'SIGSTOP');
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  for (const one of [...children.trim().split(/\s+/).map(Number), pid]) process.kill(one, 'SIGKILL');
  await end(child, 'SIGKILL');
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
