/**
 * The server process: started, watched, started again when it dies, stopped. We are its parent and reap it: a dead
 * server that nobody reaped counts as alive, and none starts beside it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../observe/log.ts';
import type { Account } from './embedded-account.ts';
import type { Binaries } from './embedded-binaries.ts';
import { ownerMark } from './embedded-owner.ts';
import type { Address } from './embedded-socket.ts';

/** Recovery after a crash reads what was written since the last checkpoint: usually a second, at worst minutes. */
const readyTimeoutMs = 10 * 60_000;
const stopTimeoutMs = 10_000;
const firstPauseMs = 100;
const longestPauseMs = 10_000;

export interface ServerOptions {
  readonly dataFolder: string;
  readonly binaries: Binaries;
  readonly account: Account;
  readonly address: Address;
  readonly log?: Pick<Log, 'warn' | 'error'>;
}

export interface Server {
  /** Of the process that runs now. */
  pid(): number | undefined;
  /** Ends it in order; resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * Runs a program of PostgreSQL to its end.
 *
 * @param input - what it reads from standard input
 * @throws Error with the last lines that it printed
 */
export async function run(
  command: string,
  args: readonly string[],
  { binaries, account }: Pick<ServerOptions, 'binaries' | 'account'>,
  input = '',
): Promise<void> {
  const child = spawnAs({ binaries, account }, command, args);
  const printed = collect(child);
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const [code] = await once(child, 'close').catch(asSentence(command));
  if (code !== 0) throw new Error(`${command} failed: ${printed()}`);
}

/**
 * Starts a server and keeps it running until it is stopped.
 *
 * @throws Error with the last lines that the server printed when it does not get ready
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const stopping = new AbortController();
  let child = await launch(options);
  const restart = async (): Promise<void> => {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      try {
        child = await launch(options);
        return;
      } catch (error) {
        options.log?.error('the embedded database does not start', { error });
      }
    }
  };
  const watch = async (): Promise<void> => {
    for (;;) {
      await ended(child);
      if (stopping.signal.aborted) return;
      options.log?.warn('the embedded database ended and is started again', {
        detail: String(child.signalCode ?? child.exitCode),
      });
      await restart();
      // Stopped while it was being started: whoever stops us has seen the old one only.
      if (stopping.signal.aborted) await end(child);
    }
  };
  const watched = watch();
  return {
    pid: () => child.pid,
    stop: async () => {
      stopping.abort();
      await end(child);
      await watched;
    },
  };
}

async function launch(options: ServerOptions): Promise<ChildProcess> {
  const child = spawnAs(options, options.binaries.postgres, serverArguments(options));
  const printed = collect(child);
  const ready = new Promise<'ready'>((resolve) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      if (chunk.includes('ready to accept connections')) resolve('ready');
    });
  });
  const failed = once(child, 'close').catch(asSentence(options.binaries.postgres));
  const late = sleep(readyTimeoutMs, 'late' as const, { ref: false });
  if ((await Promise.race([ready, failed, late])) === 'ready') return child;
  await end(child);
  throw new Error(`the embedded database did not start: ${printed()}`);
}

function serverArguments({ dataFolder, address }: ServerOptions): string[] {
  const socket = address.host.startsWith('/');
  const settings = {
    listen_addresses: socket ? '' : address.host,
    unix_socket_directories: socket ? address.host : '',
    unix_socket_permissions: '0700',
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
  };
  return [
    ...['-D', dataFolder, '-p', String(address.port), '-c', ownerMark(process.pid)],
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

function spawnAs(
  { binaries, account }: Pick<ServerOptions, 'binaries' | 'account'>,
  command: string,
  args: readonly string[],
): ChildProcess {
  const [program = command, ...rest] = [...account.prefix, command, ...args];
  const ids = account.prefix.length === 0 ? account.ids : undefined;
  return spawn(program, rest, {
    ...ids,
    cwd: process.platform === 'win32' ? binaries.folder : '/',
    // A group of its own: Ctrl-C is for the gateway, which then stops the server in order.
    detached: process.platform !== 'win32',
    stdio: 'pipe',
    env: {
      PATH: '/usr/bin:/bin',
      LC_ALL: 'C',
      TZ: 'UTC',
      ...(binaries.libraryPath !== '' && { LD_LIBRARY_PATH: binaries.libraryPath }),
    },
  });
}

/** Keeps the pipes flowing; answers the last lines that were printed. */
function collect(child: ChildProcess): () => string {
  let tail = '';
  const read = (chunk: Buffer): void => {
    tail = `${tail}${chunk}`.slice(-2_000);
  };
  child.stdout?.on('data', read);
  child.stderr?.on('data', read);
  return () => tail.trim().split('\n').slice(-3).join(' · ');
}

const asSentence =
  (command: string) =>
  (error: NodeJS.ErrnoException): never => {
    const why = error.code === 'ENOENT' ? 'this system has no glibc, or the file is gone' : error.message;
    throw new Error(`${command} cannot be run (${why}): set WAFFO_DATABASE_URL to a server of yours`, { cause: error });
  };

const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

const ended = async (child: ChildProcess): Promise<void> => {
  if (!hasEnded(child)) await once(child, 'exit');
};

/** `SIGINT` cuts the connections and stops in order; `SIGQUIT` at once, and the next start recovers. */
async function end(child: ChildProcess): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (hasEnded(child)) return;
    child.kill(signal);
    await Promise.race([ended(child), sleep(stopTimeoutMs, undefined, { ref: false })]);
  }
}
