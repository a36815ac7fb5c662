/**
 * The two processes of `npm start`. They live and die together: a signal reaches both, and when one ends the other is
 * stopped. Each is given a channel whose end tells it that this process is gone.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { root } from './run.mjs';

/** How long a process may take to get ready. */
const readyWithinMs = 60_000;
/** How long a process may take to stop before it is killed. */
const stopWithinMs = 8_000;

/**
 * Starts a built program of ours.
 *
 * @param {string} name - what a person calls it, e.g. `gateway`
 * @param {readonly string[]} command - file below the repository and its arguments
 * @param {Record<string, string>} env - settings besides those of this process
 */
export function startChild(name, [file, ...args], env) {
  const child = spawn(process.execPath, [join(root, file), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve({ name, how: `cannot be started: ${error.message}` }));
    child.on('exit', (code, signal) => resolve({ name, how: `ended with ${signal ?? `code ${code}`}`, code }));
  });
  return { name, child, ended };
}

/**
 * Waits until a child has said that it is ready.
 *
 * @throws {Error} when it ends first, or takes longer than a minute
 */
export async function untilReady({ name, child, ended }) {
  const late = new AbortController();
  const ready = new Promise((resolve) => {
    child.on('message', (message) => message?.ready === true && resolve('ready'));
  });
  const first = await Promise.race([ready, ended, pause(readyWithinMs, 'late', { signal: late.signal })]);
  late.abort();
  if (first === 'late') throw new Error(`The ${name} is not ready after ${readyWithinMs / 1000} s.`);
  if (first !== 'ready') throw new Error(`The ${name} ${first.how} before it was ready.`);
}

/** Stops a child and waits until it is gone: asks first, and kills it when it takes too long. */
export async function stopChild({ child, ended }) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
  await ended;
  clearTimeout(killer);
}
