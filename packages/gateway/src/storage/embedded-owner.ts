/**
 * Who uses an embedded database. A gateway holds an advisory lock on a connection of its own: it ends with the process,
 * however that ends, so a lock is never stale. What a killed gateway left running is stopped before another is started.
 */
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { statement } from './database.ts';
import type { Address } from './embedded-socket.ts';
import { DatabaseUnavailable, openSession, type Session } from './postgres.ts';

const lockKey = 4_010_002;
const ownerPrefix = 'waffo gateway ';
const regainPauseMs = 200;
const answerTimeoutMs = 10_000;
const stopTimeoutMs = 10_000;

const tryLock = statement<{ held: boolean }>('embedded/lock', `select pg_try_advisory_lock(${lockKey}) as held`);
const findOwner = statement<{ name: string }>(
  'embedded/owner',
  `select application_name as name from pg_locks join pg_stat_activity using (pid)
   where locktype = 'advisory' and objid = ${lockKey} and granted`,
);

/**
 * Takes the lock for as long as the session lives.
 *
 * @throws Error with one sentence when another gateway has it
 * @throws DatabaseUnavailable when the server does not answer
 */
export async function lockFolder(url: string, dataFolder: string): Promise<Session> {
  const session = await openSession(url, `${ownerPrefix}${process.pid}`);
  try {
    const [lock] = await session.rows(tryLock);
    if (lock?.held) return session;
    const [owner] = await session.rows(findOwner);
    const pid = owner?.name.slice(ownerPrefix.length) ?? 'unknown';
    throw new Error(
      `another gateway (pid ${pid}) uses ${dataFolder}; stop it, choose another WAFFO_HOME, or give both one WAFFO_DATABASE_URL`,
    );
  } catch (error) {
    await session.close();
    throw error;
  }
}

/**
 * Holds the folder until released; takes the lock again after the server was started again.
 *
 * @returns releases it
 * @throws Error with one sentence when another gateway was faster
 */
export async function holdFolder(url: string, dataFolder: string): Promise<() => Promise<void>> {
  const released = new AbortController();
  let session = await lockFolder(url, dataFolder);
  const keep = async (): Promise<void> => {
    while (!released.signal.aborted) {
      await session.ended;
      await sleep(regainPauseMs, undefined, { ref: false, signal: released.signal }).catch(() => {});
      if (released.signal.aborted) return;
      // The server may still be on its way up; the next round tries again.
      session = await lockFolder(url, dataFolder).catch(() => session);
    }
  };
  const kept = keep();
  return async () => {
    released.abort();
    await session.close();
    await kept;
  };
}

/** A server that runs on the folder, as its `postmaster.pid` tells. */
export interface Running {
  readonly pid: number;
  readonly address: Address;
}

/**
 * Finds the server of a folder. A `postmaster.pid` that names a process which is no such server is removed: PostgreSQL
 * would take any process with that number for a server, and would not start. (On Windows this is left to PostgreSQL.)
 */
export async function findRunning(dataFolder: string): Promise<Running | undefined> {
  if (process.platform === 'win32') return undefined;
  const file = join(dataFolder, 'postmaster.pid');
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  if (await runsOn(pid, dataFolder)) {
    return { pid, address: { host: lines[4] || lines[5] || '', port: Number(lines[3]) } };
  }
  if (isAlive(pid)) await rm(file, { force: true });
  return undefined;
}

/** Stops a server that outlived its gateway. @throws Error with one sentence when another gateway has it, or it hangs */
export async function stopLeftOver({ pid }: Running, url: string, dataFolder: string): Promise<void> {
  const session = await lockWhenItAnswers(pid, url, dataFolder);
  try {
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
      if (!(await runsOn(pid, dataFolder))) return;
      process.kill(pid, signal);
      for (let waitedMs = 0; waitedMs < stopTimeoutMs && (await runsOn(pid, dataFolder)); waitedMs += 20)
        await sleep(20);
    }
    if (!(await runsOn(pid, dataFolder))) return;
    throw new Error(`the database server (pid ${pid}) of ${dataFolder} does not stop; end it and start again`);
  } finally {
    await session?.close();
  }
}

/** A server may be starting, recovering or stopping; one that never answers belongs to nobody. */
async function lockWhenItAnswers(pid: number, url: string, dataFolder: string): Promise<Session | undefined> {
  for (let waitedMs = 0; waitedMs < answerTimeoutMs && isAlive(pid); waitedMs += regainPauseMs) {
    try {
      return await lockFolder(url, dataFolder);
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error;
    }
    await sleep(regainPauseMs);
  }
  return undefined;
}

/** Whether a process is a living PostgreSQL of this folder: a number alone may have been given to another since. */
async function runsOn(pid: number, dataFolder: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const command = await commandOf(pid);
  return command.includes('postgres') && command.includes(dataFolder);
}

/** Empty for a dead process that nobody reaped. */
const commandOf = (pid: number): Promise<string> =>
  process.platform === 'linux'
    ? readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    : new Promise((resolve) => {
        execFile('ps', ['-o', 'command=', '-p', String(pid)], (error, printed) => resolve(error ? '' : printed));
      });

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
