/** PostgreSQL refuses to run as root: then it runs as an unprivileged account that exists, and owns only its data folder. */
import { existsSync } from 'node:fs';
import { access, chown, constants, lstat, readFile, readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Binaries } from './embedded-binaries.ts';

export interface Account {
  /** Undefined: the account that we run as. */
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
  /** Put before the command; empty when the account can reach everything by itself. */
  readonly prefix: readonly string[];
}

const setpriv = '/usr/bin/setpriv';

/**
 * @param folder - where the data folder lies
 * @throws Error with one sentence when we are root and no unprivileged account can reach the folder
 */
export async function accountFor(folder: string, binaries: Binaries): Promise<Account> {
  if (process.getuid?.() !== 0) return { ids: undefined, prefix: [] };
  const ids = await unprivileged();
  const closed = (await closedParent(folder)) ?? (await closedParent(binaries.folder));
  if (closed === undefined) return { ids, prefix: [] };
  if (!existsSync(setpriv)) {
    throw new Error(`PostgreSQL cannot run as root, and the account ${ids.uid} cannot pass ${closed}: run as an ordinary user, or chmod o+x ${closed}`);
  }
  // The account keeps the one right to pass folders that are closed to others; it can write to its own only.
  const caps = '+dac_read_search';
  const prefix = [setpriv, `--reuid=${ids.uid}`, `--regid=${ids.gid}`, '--clear-groups', `--inh-caps=${caps}`, `--ambient-caps=${caps}`];
  return { ids, prefix };
}

async function unprivileged(): Promise<{ uid: number; gid: number }> {
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const account = accounts.find(([name]) => name === 'nobody') ?? accounts.find(([, , uid]) => Number(uid) >= 1_000);
  if (account === undefined) throw new Error('PostgreSQL cannot run as root, and there is no other account: add one, e.g. nobody');
  return { uid: Number(account[2]), gid: Number(account[3]) };
}

/** The first folder above that others may not pass, if any. */
async function closedParent(path: string): Promise<string | undefined> {
  let folder = await realpath(path);
  for (;;) {
    const { mode } = await lstat(folder);
    if ((mode & 0o001) === 0) return folder;
    if (dirname(folder) === folder) return undefined;
    folder = dirname(folder);
  }
}

/** Gives paths, and all below them, to the account. */
export async function own(paths: readonly string[], { ids }: Account): Promise<void> {
  if (ids === undefined) return;
  for (const path of paths) {
    await chown(path, ids.uid, ids.gid);
    if ((await lstat(path)).isDirectory()) {
      await own((await readdir(path)).map((name) => join(path, name)), { ids, prefix: [] });
    }
  }
}

/** Whether a folder is there and is ours or the account's. */
export async function belongsTo(path: string, { ids }: Account): Promise<boolean> {
  await access(path, constants.F_OK);
  const { uid } = await lstat(path);
  return uid === (ids?.uid ?? process.getuid?.() ?? uid);
}
