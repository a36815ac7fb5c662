/** Runs a command of `waffo` as an operator does: in a process of its own, beside a gateway or alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { builtMain } from './child-gateway.ts';

const root = new URL('../../', import.meta.url).pathname;

export interface CommandResult {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

interface CommandOptions {
  readonly settings?: Record<string, string>;
  readonly input?: string | Uint8Array;
}

/**
 * @param home - WAFFO_HOME
 * @param words - the command's words, e.g. `['merchant', 'list']`
 * @param options.input - given on standard input
 */
export const runCommand = (
  home: string,
  words: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> => startCommand(home, words, options).result;

/** The same, for whoever wants to kill it on the way. */
export function startCommand(
  home: string,
  words: readonly string[],
  options: CommandOptions = {},
): { readonly child: ChildProcess; readonly result: Promise<CommandResult> } {
  const child = spawn(process.execPath, [builtMain, ...words], {
    cwd: root,
    env: { ...process.env, WAFFO_HOME: home, NODE_OPTIONS: '', ...options.settings },
    stdio: 'pipe',
  });
  child.stdin.end(options.input ?? '');
  const result = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { child, result: result.then(([output, errors, [code]]) => ({ code, output, errors })) };
}
