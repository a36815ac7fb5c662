/** The server process: started, watched, started again when it dies, stopped. We are its parent and reap it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../observe/log.ts';
import type { Account } from './embedded-account.ts';
import type { Binaries } from './embedded-binaries.ts';

const readyTimeoutMs = 60_000;
const stopTimeoutMs = 10_000;
const restartPauseMs = 100;

export interface ServerOptions {
  readonly dataFolder: string;
  readonly binaries: Binaries;
  readonly account: Account;
  readonly socketFolder: string;
  readonly log?: Pick<Log, 'warn' | 'error'>;
}

export interface Server {
  pid(): number | undefined;
  stop(): Promise<void>;
}

function spawnAs(binaries: Binaries, account: Account, command: string, args: readonly string[]): ChildProcess {
  const [program = command, ...before] = [...account.prefix, command];
  const byUs = account.prefix.length === 0 ? account.ids : undefined;
  return spawn(program, [...before, ...args], {
    ...byUs,
    cwd: '/',
    // A group of its own: Ctrl-C is for the gateway, which then stops the server in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin', LD_LIBRARY_PATH: binaries.libraryPath, LC_ALL: 'C', TZ: 'UTC' },
  });
}

/** Runs a program to its end. @throws Error with what it printed */
export async function run(command: string, args: readonly string[], binaries: Binaries, account: Account): Promise<void> {
  const child = spawnAs(binaries, account, command, args);
  let printed = '';
  child.stdout?.on('data', (chunk) => {
    printed += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    printed += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} failed: ${printed.trim().split('\n').slice(-3).join(' · ')}`);
}

export async function startServer(options: ServerOptions): Promise<Server> {
  let stopping = false;
  let child = await launch(options);
  const watch = (): void => {
    child.once('exit', (code, signal) => {
      if (stopping) return;
      options.log?.warn('the embedded database ended; it is started again', { detail: String(signal ?? code) });
      void restart();
    });
  };
  const restart = async (): Promise<void> => {
    while (!stopping) {
      await sleep(restartPauseMs);
      try {
        child = await launch(options);
        if (stopping) await end(child);
        else watch();
        return;
      } catch (error) {
        options.log?.error('the embedded database does not start', { error });
      }
    }
  };
  watch();
  return {
    pid: () => child.pid,
    stop: async () => {
      stopping = true;
      await end(child);
    },
  };
}

async function launch({ dataFolder, binaries, account, socketFolder }: ServerOptions): Promise<ChildProcess> {
  const child = spawnAs(binaries, account, binaries.postgres, serverArguments(dataFolder, socketFolder));
  let printed = '';
  const ready = new Promise<'ready'>((resolve) => {
    const read = (chunk: Buffer): void => {
      if (printed.length < 20_000) printed += chunk;
      if (printed.includes('ready to accept connections')) resolve('ready');
    };
    child.stderr?.on('data', read);
    child.stdout?.on('data', read);
  });
  const failed = once(child, 'exit').then(() => 'ended' as const);
  const late = sleep(readyTimeoutMs, 'late' as const, { ref: false });
  const first = await Promise.race([ready, failed, late]);
  if (first === 'ready') return child;
  child.kill('SIGKILL');
  throw new Error(`the embedded database did not start: ${printed.trim().split('\n').slice(-3).join(' · ')}`);
}

const serverArguments = (dataFolder: string, socketFolder: string): string[] => [
  ['-D', dataFolder],
  ['-c', 'listen_addresses='],
  ['-c', `unix_socket_directories=${socketFolder}`],
  ['-c', 'unix_socket_permissions=0700'],
  ['-c', 'fsync=on'],
  ['-c', 'full_page_writes=on'],
  ['-c', 'synchronous_commit=on'],
].flat();

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGINT');
  const late = sleep(stopTimeoutMs, 'late' as const, { ref: false });
  if ((await Promise.race([gone, late])) === 'late') {
    child.kill('SIGQUIT');
    await gone;
  }
}

/** Stops a server that outlived its gateway, so that none is ever started beside it. */
export async function stopLeftOver(dataFolder: string): Promise<void> {
  const pid = await postmasterOf(dataFolder);
  if (pid === undefined) return;
  process.kill(pid, 'SIGINT');
  for (let waited = 0; isAlive(pid); waited += 20) {
    if (waited === stopTimeoutMs) process.kill(pid, 'SIGQUIT');
    if (waited > 2 * stopTimeoutMs) throw new Error(`a database server (pid ${pid}) of ${dataFolder} does not stop; end it and start again`);
    await sleep(20);
  }
}

/** The pid in `postmaster.pid`, when that is a living PostgreSQL of this folder. */
async function postmasterOf(dataFolder: string): Promise<number | undefined> {
  const text = await readFile(join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return undefined;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => 'postgres');
  return command.includes('postgres') ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
