/** Runs a command of `waffo` as an operator does: in a process of its own, beside a gateway or alone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const root = new URL('../../', import.meta.url).pathname;

export interface CommandResult {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/**
 * @param home - WAFFO_HOME
 * @param words - the command's words, e.g. `['merchant', 'list']`
 * @param options.input - given on standard input
 */
export async function runCommand(
  home: string,
  words: readonly string[],
  options: { readonly settings?: Record<string, string>; readonly input?: string | Uint8Array } = {},
): Promise<CommandResult> {
  const main = join(root, 'packages/gateway/src/main.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=source', main, ...words], {
    cwd: root,
    env: { ...process.env, WAFFO_HOME: home, NODE_OPTIONS: '', ...options.settings },
    stdio: 'pipe',
  });
  child.stdin.end(options.input ?? '');
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, output, errors };
}
