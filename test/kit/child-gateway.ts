/** A gateway in a process of its own, so that it can be killed. It keeps its embedded database in its home. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SandboxFile } from '../../packages/gateway/src/merchant/sandbox-home.ts';

const ourRoot = new URL('../../', import.meta.url).pathname;

/** What starts `waffo` as it was built. Vitest builds it before these tests, and commands that prove something do so themselves. */
export const builtMain = join(ourRoot, 'packages/gateway/dist/main.js');

const sourcesOf = (root: string) => [
  '--import',
  'tsx',
  '--conditions=source',
  join(root, 'packages/gateway/src/main.ts'),
];

export interface ChildGateway {
  readonly process: ChildProcess;
  readonly sandbox: SandboxFile;
  /** Origin that this process listens on. */
  readonly url: string;
  /** Resolves when the process is gone, with the signal or code. */
  readonly gone: Promise<string>;
  readonly output: () => string;
  /** Ends it in the ordinary way. */
  stop(): Promise<void>;
}

/**
 * @param home - WAFFO_HOME
 * @param settings - further environment variables
 * @param options.olderRoot - another checkout, when it shall be another version; nobody built that
 * @param options.words - of the command
 * @param options.flags - of Node and V8
 * @throws Error with what the process printed when it does not get ready within 30 s
 */
export async function startChildGateway(
  home: string,
  settings: Record<string, string> = {},
  {
    olderRoot,
    words = ['serve'],
    flags = [],
  }: {
    readonly olderRoot?: string | undefined;
    readonly words?: readonly string[];
    readonly flags?: readonly string[];
  } = {},
): Promise<ChildGateway> {
  const main = olderRoot === undefined ? [builtMain] : sourcesOf(olderRoot);
  const child = spawn(process.execPath, [...flags, ...main, ...words], {
    cwd: olderRoot ?? ourRoot,
    env: { ...process.env, WAFFO_HOME: home, WAFFO_PORT: '0', NODE_OPTIONS: '', ...settings },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    output += chunk;
  });
  const gone = once(child, 'exit').then(([code, signal]) => String(signal ?? code));
  const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), 30_000).unref());
  const first = await Promise.race([
    once(child, 'message').then(([{ listensOn }]) => ({ url: listensOn })),
    gone,
    late,
  ]);
  if (typeof first === 'string') {
    child.kill('SIGKILL');
    throw new Error(`the gateway did not get ready (${first}):\n${output}`);
  }
  const sandbox = JSON.parse(await readFile(join(home, 'sandbox.json'), 'utf8')) as SandboxFile;
  return {
    process: child,
    sandbox,
    url: first.url,
    gone,
    output: () => output,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** @returns one line for each that runs no more */
export const endedAmong = (gateways: readonly ChildGateway[]): string[] =>
  gateways.flatMap(({ process: { exitCode, signalCode } }, at) =>
    exitCode === null && signalCode === null ? [] : [`gateway ${at + 1} has ended (${signalCode ?? exitCode})`],
  );

/**
 * Several on one home, at a time. One of them must have been started there before.
 *
 * @param all - further environment variables of each
 * @throws as `startChildGateway`; then none of them is left
 */
export async function startChildGateways(
  home: string,
  all: readonly Record<string, string>[],
): Promise<ChildGateway[]> {
  const started = await Promise.allSettled(all.map((settings) => startChildGateway(home, settings)));
  const ready = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed === undefined) return ready;
  await Promise.all(ready.map((gateway) => gateway.stop()));
  throw failed.reason;
}
