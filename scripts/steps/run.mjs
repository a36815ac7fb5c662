/** Runs other programs and keeps what they print. Never through a shell, so nothing has to be quoted. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A program that failed; `output` is what it printed. */
export class RunError extends Error {
  constructor(command, how, output) {
    super(`${command} ${how}`);
    this.output = output;
  }
}

/**
 * @param {readonly string[]} command - the program and its arguments
 * @param {{ cwd?: string, env?: Record<string, string>, timeoutMs?: number, show?: boolean }} options - `show` passes the
 *   output on as it comes instead of keeping it
 * @returns {Promise<string>} what it printed on both streams
 * @throws {RunError} when it cannot be started, ends with another code than 0 or takes longer than `timeoutMs`
 */
export function run(command, options = {}) {
  const [program, ...args] = command;
  const output = options.show ? 'inherit' : 'pipe';
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', output, output],
      timeout: options.timeoutMs,
    });
    const chunks = [];
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    const text = () => Buffer.concat(chunks).toString('utf8');
    const shown = command.join(' ').replaceAll(process.execPath, 'node').replaceAll(root, '');
    const fail = (how) => reject(new RunError(shown, how, text()));
    child.on('error', (error) => fail(`cannot be started: ${error.message}`));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(text());
      else fail(signal === null ? `ended with code ${code}` : `was ended by ${signal}`);
    });
  });
}

/** @returns {string[]} the command for npm with these arguments, also where npm is a script and not a program */
export function npm(...args) {
  const script = process.env.npm_execpath;
  return script?.endsWith('.js') ? [process.execPath, script, ...args] : ['npm', ...args];
}

/** @returns {string[]} the command for a JavaScript program that is installed, e.g. `bin('typescript/bin/tsc', '-p', '.')` */
export function bin(path, ...args) {
  return [process.execPath, join(root, 'node_modules', path), ...args];
}
