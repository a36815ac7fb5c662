/**
 * PostgreSQL refuses to run as root: then it runs as an unprivileged account that exists, owns only its data folder and
 * never sees ours.
 */
import { existsSync } from 'node:fs';
import { chmod, chown, lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Binaries } from './embedded-binaries.ts';

export interface Account {
  /** Undefined: the account that we run as. */
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
  /** Put before the command; empty when the account can reach everything by itself. */
  readonly prefix: readonly string[];
}

const setpriv = '/usr/bin/setpriv';
const passFolders = { name: 'dac_read_search', bit: 1n << 2n };
/** The right to set the bit without which `access()` forgets the other right, and `initdb` does not find its parts. */
const setBits = { option: '--securebits=+no_setuid_fixup', bit: 1n << 8n };

/**
 * @param dataFolder - may be absent; the folder above it is ours and is there
 * @returns the account that the server and `initdb` run as
 * @throws Error with one sentence when we are root and no unprivileged account can reach the folder
 */
export async function accountFor(dataFolder: string, binaries: Binaries): Promise<Account> {
  if (process.getuid?.() !== 0) return { ids: undefined, prefix: [] };
  const home = dirname(dataFolder);
  const ids = (await ownerOf(dataFolder)) ?? (await unprivileged());
  // Others may pass through our folder, not look around in it: what lies there has its own modes.
  if (((await lstat(home)).mode & 0o777) === 0o700) await chmod(home, 0o711);
  const closed = (await closedFolder(home)) ?? (await closedFolder(binaries.folder));
  if (((await stat(binaries.postgres)).mode & 0o005) !== 0o005) {
    throw new Error(
      `PostgreSQL cannot run as root, and others may not run ${binaries.postgres}: chmod -R o+rX ${binaries.folder}`,
    );
  }
  if (closed === undefined) return { ids, prefix: [] };
  if (!existsSync(setpriv) || !(await mayPassFolders())) {
    throw new Error(
      `PostgreSQL cannot run as root, and the account with uid ${ids.uid} cannot pass ${closed}: run as an ordinary user, or chmod o+x ${closed}`,
    );
  }
  // The account gets one right more, to pass folders that are closed to others; it still writes to its own only.
  const right = `+${passFolders.name}`;
  return {
    ids,
    prefix: [
      setpriv,
      `--reuid=${ids.uid}`,
      `--regid=${ids.gid}`,
      '--clear-groups',
      `--inh-caps=${right}`,
      `--ambient-caps=${right}`,
      setBits.option,
    ],
  };
}

/** Whoever ran the server here before, when that was not root. */
async function ownerOf(dataFolder: string): Promise<{ uid: number; gid: number } | undefined> {
  const owner = await lstat(dataFolder).catch(() => undefined);
  return owner !== undefined && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : undefined;
}

async function unprivileged(): Promise<{ uid: number; gid: number }> {
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const account = accounts.find(([name]) => name === 'nobody') ?? accounts.find(([, , uid]) => Number(uid) >= 1_000);
  if (account === undefined) {
    throw new Error('PostgreSQL cannot run as root, and there is no other account: add one, e.g. nobody');
  }
  return { uid: Number(account[2]), gid: Number(account[3]) };
}

/** Whether we hold the rights ourselves; containers often take them from root. */
async function mayPassFolders(): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  const needed = passFolders.bit | setBits.bit;
  return effective !== undefined && (BigInt(`0x${effective}`) & needed) === needed;
}

/** The first folder, from here up, that others may not pass, if any. */
async function closedFolder(path: string): Promise<string | undefined> {
  let folder = await realpath(path);
  for (;;) {
    const { mode } = await lstat(folder);
    if ((mode & 0o001) === 0) return folder;
    if (dirname(folder) === folder) return undefined;
    folder = dirname(folder);
  }
}

/** Gives paths, and all below them, to the account. */
export async function own(paths: readonly string[], account: Account): Promise<void> {
  if (account.ids === undefined) return;
  const { uid, gid } = account.ids;
  for (const path of paths) {
    if ((await lstat(path)).isDirectory()) {
      const names = await readdir(path);
      await own(
        names.map((name) => join(path, name)),
        account,
      );
    }
    await chown(path, uid, gid);
  }
}

/** Whether a path is the account's, or still ours to give. */
export async function belongsTo(path: string, { ids }: Account): Promise<boolean> {
  const { uid } = await lstat(path);
  return uid === ids?.uid || uid === (process.getuid?.() ?? uid);
}
