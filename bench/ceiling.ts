/** The limit that this machine sets: how many RSA-2048 signatures a second its processors make, with nothing else to do. */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';

export const cores = availableParallelism();

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** A thread signs for as long as it is told and answers how often. It is text because a thread knows no TypeScript. */
const thread = `
  const { sign } = require('node:crypto');
  const { parentPort, workerData } = require('node:worker_threads');
  const message = Buffer.alloc(500, 7);
  const startedAt = performance.now();
  let count = 0;
  for (; performance.now() < startedAt + workerData.ms; count++) sign('sha256', message, workerData.privateKey);
  parentPort.postMessage((count * 1000) / (performance.now() - startedAt));
`;

/** @returns signatures a second over all cores, measured for one second */
export async function ceiling(): Promise<number> {
  const counts = await Promise.all(Array.from({ length: cores }, () => countIn(1_000)));
  return counts.reduce((total, count) => total + count, 0);
}

/**
 * @param settings - of the environment, as a gateway has them
 * @returns the same, of a process of its own
 */
export async function ceilingWith(settings: Readonly<Record<string, string>>): Promise<number> {
  const words = [...process.execArgv, join(import.meta.dirname, 'signatures.ts')];
  const { stdout } = await promisify(execFile)(process.execPath, words, { env: { ...process.env, ...settings } });
  return Number(stdout);
}

const countIn = (ms: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(thread, { eval: true, workerData: { ms, privateKey }, execArgv: [] });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
