/** The gateway as it is shipped, built and in a process of its own, with its durable database beside it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SandboxFile } from '../packages/gateway/src/merchant/sandbox-home.ts';

const presentTree = join(import.meta.dirname, '..');

export interface BenchGateway {
  readonly pid: number;
  readonly url: string;
  readonly sandbox: SandboxFile;
  /** From the start of the process until it answers, in ms. */
  readonly startedIn: number;
  stop(): Promise<void>;
}

/**
 * @param home - WAFFO_HOME
 * @param root - another checkout, built, when it shall be another version
 * @throws Error with what it printed when it does not get ready
 */
export async function startGateway(
  home: string,
  settings: Record<string, string>,
  root = presentTree,
): Promise<BenchGateway> {
  const startedAt = performance.now();
  const child: ChildProcess = spawn(process.execPath, [join(root, 'packages/gateway/dist/main.js'), 'serve'], {
    cwd: root,
    env: {
      ...{ PATH: process.env.PATH, UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE },
      ...{ WAFFO_HOME: home, WAFFO_PORT: '0', WAFFO_LOG_LEVEL: 'error', WAFFO_METRICS: 'off', WAFFO_SHED_MS: '0' },
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  const ready = await Promise.race([
    once(child, 'message').then(([told]) => told),
    once(child, 'exit').then(() => undefined),
  ]);
  if (ready === undefined) throw new Error(`the gateway did not get ready:\n${output}`);
  const startedIn = performance.now() - startedAt;
  return {
    pid: child.pid ?? 0,
    url: ready.listensOn,
    sandbox: JSON.parse(await readFile(join(home, 'sandbox.json'), 'utf8')) as SandboxFile,
    startedIn,
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}
