/**
 * A primary and its standby, as an operator runs them: two clusters of Debian's PostgreSQL, the second made by `pg_basebackup`
 * and streaming from the first. The primary can be killed with everything that belongs to it, the standby promoted, and a
 * new standby made, as often as wanted. They listen on Unix sockets in a throwaway folder only.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../packages/gateway/src/storage/database.ts';
import { accountFor, own } from '../../packages/gateway/src/storage/embedded-account.ts';
import { run } from '../../packages/gateway/src/storage/embedded-server.ts';
import {
  asOperator,
  type Cluster,
  clusterPort,
  end,
  killAtOnce,
  launch,
  makeDatabase,
  type Place,
  urlOf,
} from './cluster.ts';
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

const cancelWaiting = {
  name: 'test/cancel',
  text: `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`,
};

const readyWithinMs = 60_000;

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
    await makeDatabase(place, primary);
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
        await killAtOnce(current());
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

/** A base backup with the settings of a standby in it, started. */
async function cloneOf(place: Place, from: Cluster, dataFolder: string): Promise<Cluster> {
  const { binaries, account, password } = place;
  await mkdir(dataFolder, { mode: 0o700 });
  await own([dataFolder], account);
  const source = `host=${from.socketFolder} port=${clusterPort} user=operator password=${password}`;
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
