/**
 * Who runs a server on a data folder. A server whose gateway lives is left alone; one that a killed gateway left behind
 * is stopped before another is started. The operating system keeps the books: a server is its gateway's child until the
 * gateway is gone, however it went.
 */
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from './embedded-socket.ts';

const stopTimeoutMs = 10_000;
const pollMs = 20;
const orphansEndMs = 5_000;

/** What a server is started with, so that it tells whose it is. */
export const ownerMark = (gatewayPid: number): string => `cluster_name=waffo-${gatewayPid}`;

/** Whose mark a server's command line bears: the whole number, for pid 1 adopts what others leave behind. */
export const ownerIn = (command: string): number => Number(/cluster_name=waffo-(\d+)/.exec(command)?.[1]);

/**
 * Makes sure that nobody serves the folder: stops what a killed gateway left running.
 *
 * @throws Error with one sentence when a living gateway uses the folder, or a server does not stop
 */
export async function clearFolder(dataFolder: string, address: Address): Promise<void> {
  if (process.platform === 'win32') return;
  const file = join(dataFolder, 'postmaster.pid');
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0]);
  if (pid > 1 && (await serves(pid, dataFolder))) {
    const { parent, command } = await lookAt(pid);
    if (ownerIn(command) === parent) throw taken(`another gateway (pid ${parent})`, dataFolder);
    await stopServer(pid, dataFolder);
  } else if (await keepsAnswering(address)) {
    throw taken('a gateway of another container or machine', dataFolder);
  } else if (pid > 1 && (await outlasts(pid))) {
    // The number belongs to another program now; PostgreSQL would take that for a server and not start.
    await rm(file, { force: true });
    await rm(`${socketFile(address)}.lock`, { force: true });
  }
}

const taken = (who: string, dataFolder: string): Error =>
  new Error(`${who} uses ${dataFolder}; stop it, choose another WAFFO_HOME, or give both one WAFFO_DATABASE_URL`);

async function stopServer(pid: number, dataFolder: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (isAlive(pid)) process.kill(pid, signal);
    for (let waitedMs = 0; waitedMs < stopTimeoutMs; waitedMs += pollMs) {
      if (!(await serves(pid, dataFolder))) return;
      await sleep(pollMs);
    }
  }
  throw new Error(`the database server (pid ${pid}) of ${dataFolder} does not stop; end it and start again`);
}

/** Whether a process is a living PostgreSQL of this folder: a number alone may have been given to another since. */
async function serves(pid: number, dataFolder: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const { command } = await lookAt(pid);
  return command.includes('postgres') && command.includes(dataFolder);
}

/** The command is empty for a dead process that nobody reaped. */
async function lookAt(pid: number): Promise<{ parent: number; command: string }> {
  if (process.platform === 'linux') {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    return { parent: Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]), command };
  }
  const line = await new Promise<string>((resolve) => {
    execFile('ps', ['-ww', '-o', 'ppid=,command=', '-p', String(pid)], (_error, printed) => resolve(printed.trim()));
  });
  const [parent = ''] = line.split(/\s/, 1);
  return { parent: Number(parent), command: line.slice(parent.length) };
}

/** Whether a process number stays taken: a dead server counts as alive until somebody has reaped it. */
async function outlasts(pid: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < orphansEndMs; waitedMs += pollMs) {
    if (!isAlive(pid)) return false;
    if ((await lookAt(pid)).command !== '') return true;
    await sleep(pollMs);
  }
  return true;
}

/** The children of a server that was killed hold its socket open until they notice. */
async function keepsAnswering(address: Address): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < orphansEndMs; waitedMs += pollMs) {
    if (!(await answers(address))) return false;
    await sleep(pollMs);
  }
  return true;
}

const socketFile = ({ host, port }: Address): string => join(host, `.s.PGSQL.${port}`);

/** Whether anybody listens there, seen by us as a process or not. */
export const answers = ({ host, port }: Address): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(socketFile({ host, port }));
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** @param pid - NaN counts as dead */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
