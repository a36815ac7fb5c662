/** Versions to measure: older ones, installed and built in folders of their own, and the one that is here. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from './origin.ts';
import { sayPhase } from './progress.ts';

export interface Version {
  /** Short. */
  readonly commit: string;
  /** The first line of what its author wrote. */
  readonly subject: string;
  /** What the environment of its gateway has besides that of the others. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** What tells it from the others of a run. */
export const nameOf = ({ commit, subject, settings }: Version): string => (settings === undefined ? commit : subject);

/** @param ref - a commit, a tag, or whatever else git knows it by */
export const versionOf = (ref: string): Version => ({
  commit: git('rev-parse', '--short', '--verify', '--end-of-options', `${ref}^{commit}`),
  subject: git('log', '-1', '--format=%s', '--end-of-options', `${ref}^{commit}`),
});

/** What `npm run bench` has just built: the newest commit, or what is being made of it. */
export function presentVersion(): Version {
  const isChanged = git('status', '--porcelain', '--', 'packages', 'package-lock.json', ':!*.test.ts') !== '';
  const newest = versionOf('HEAD');
  return isChanged ? { ...newest, subject: 'with changes that are not committed' } : newest;
}

/**
 * @param setting - `NAME=value`
 * @returns the same version, with one more setting
 * @throws Error when it has no name or no value
 */
export function withSetting(version: Version, setting: string): Version {
  const [, name, value] = /^(\w+)=(.+)$/.exec(setting) ?? [];
  if (name === undefined || value === undefined)
    throw new Error(`--with=NAME=value sets what? It was given ${setting}`);
  return { ...version, subject: `with ${setting}`, settings: { [name]: value } };
}

/**
 * Its files as they were committed, without git's: nothing is left in the repository when the folder is gone. It brings the
 * command that installs the packages which its own lock file asks for, and builds.
 *
 * @param folder - made
 * @returns the folder
 * @throws Error when it cannot be installed or built; it has said why
 */
export async function checkOut({ commit }: Version, folder: string): Promise<string> {
  sayPhase('checking it out, installing its packages and building it');
  await mkdir(folder, { recursive: true });
  const archive = `${folder}.tar`;
  git('archive', '--format=tar', `--output=${archive}`, commit);
  await run(folder, 'tar', '-xf', archive);
  await rm(archive);
  await run(folder, process.execPath, join(folder, 'scripts/build.mjs'));
  // Else the disk would write all that while a database syncs its commits.
  await run(folder, 'sync');
  return folder;
}

async function run(cwd: string, program: string, ...words: string[]): Promise<void> {
  const env = { ...process.env, npm_config_prefer_offline: 'true' };
  const child = spawn(program, words, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code, signal] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${[program, ...words].join(' ')} ended with ${signal ?? code}`);
}
