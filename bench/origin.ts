/** Where figures come from: a checkout, a machine, a time. */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { cores } from './ceiling.ts';

export const root = join(import.meta.dirname, '..');

export interface Origin {
  readonly at: string;
  readonly commit: string;
  readonly machine: string;
  readonly node: string;
}

/** @throws Error with what git said */
export const git = (...words: string[]): string =>
  execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

export const origin = (): Origin => ({
  at: new Date().toISOString(),
  commit: git('rev-parse', '--short', 'HEAD'),
  machine: `${cpus()[0]?.model ?? 'unknown'}, ${cores} cores, ${Math.round(totalmem() / 2 ** 30)} GB`,
  node: process.version,
});
