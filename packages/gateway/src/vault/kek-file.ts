/**
 * Key-encryption keys from a file: 32 bytes in base64 a line, the newest last, readable by its owner only. With a second
 * file each key is the sum of two components, so that two custodians keep one each and neither can open anything.
 * Everything that is sealed hangs on these files: a line is never changed, and none is made where one is merely missing.
 */
import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { access, chown, type FileHandle, link, mkdir, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Kek, kekOf } from './kek.ts';

const keyBytes = 32;
/** A key a year for as long as anybody runs this, and then as many again in a hurry. */
const mostKeys = 100;
/** 44 characters of base64 and the ends of the line. */
const sizeLimitBytes = mostKeys * 46;
const isWindows = process.platform === 'win32';

/**
 * Reads the keys.
 *
 * @param paths - absolute: the key file, or the files of the two components, whose lines belong together by their number
 * @returns oldest first; a component that waits for its other half is no key yet
 * @throws Error with one sentence that says what to do when a file is missing, cannot be read, is open to others (also
 *   through a symbolic link), or does not hold keys
 * @example
 * const keks = await keksFromFiles(['/etc/waffo/kek']);
 */
export async function keksFromFiles(paths: readonly string[]): Promise<Kek[]> {
  const files = await Promise.all(paths.map(readKeys));
  const count = Math.min(...files.map((keys) => keys.length));
  return Array.from({ length: count }, (_, line) => {
    const components = files.flatMap((keys) => keys[line] ?? []);
    const [first = Buffer.alloc(0), second] = components;
    if (second?.equals(first)) {
      throw new Error(`the key files ${paths.join(' and ')} hold the same component; each custodian makes one alone`);
    }
    for (const [at, byte] of second?.entries() ?? []) first[at] = (first[at] ?? 0) ^ byte;
    second?.fill(0);
    return kekOf(first);
  });
}

/**
 * Makes a key file with one key, unless there is a file; only before anything was sealed. It appears whole or not at all,
 * whoever is killed in between, and the first of two that make it wins.
 *
 * @throws Error when it cannot be written
 */
export async function createKeyFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  if (
    await access(path).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
    )
  )
    return;
  const draft = await writeDraft(path, [randomBytes(keyBytes)]);
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  await syncFolder(dirname(path));
}

/**
 * Adds a new key, or a new component, as the last line. Readers see the file as it was or as it will be.
 *
 * @returns how many lines the file has now
 * @throws Error with one sentence when the file cannot be read or replaced
 */
export async function addToKeyFile(path: string): Promise<number> {
  const keys = [...(await readKeys(path)), randomBytes(keyBytes)];
  if (keys.length > mostKeys) {
    throw new Error(
      `the key file ${path} holds ${mostKeys} keys, the most there may be; take lines of retired keys out first`,
    );
  }
  // A link stays a link.
  const place = await realpath(path);
  const draft = await writeDraft(place, keys).catch((cause: NodeJS.ErrnoException) => {
    throw new Error(
      `the folder of the key file ${path} cannot be written (${cause.code}); add the key where it is kept`,
    );
  });
  await giveTo(await stat(place), draft, path);
  await rename(draft, place);
  await syncFolder(dirname(place));
  return keys.length;
}

async function readKeys(path: string): Promise<Buffer[]> {
  const lines = (await readPrivately(path)).split(/\r?\n/);
  const keys = lines.map((line) => Buffer.from(line, 'base64'));
  const isWhole = keys.every((key, at) => key.length === keyBytes && key.toString('base64') === lines[at]);
  if (!isWhole || new Set(lines).size < lines.length) {
    throw new Error(
      `the key file ${path} does not hold keys of 32 bytes in base64, one a line; put it back from your copy`,
    );
  }
  return keys;
}

/** Looks at the very file that it reads, so that nobody can change it in between. */
async function readPrivately(path: string): Promise<string> {
  const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') {
      throw new Error(`the key file ${path} is missing; put it back from your copy, or point WAFFO_KEK_FILE at it`);
    }
    throw new Error(`the key file ${path} cannot be read (${cause.code}); let this user, and nobody else, read it`);
  });
  try {
    const { mode, size } = await regularFile(file, path);
    // Windows has no such bits: there the folder's own rights must keep others out.
    if (!isWindows && (mode & 0o077) !== 0) {
      throw new Error(`the key file ${path} is open to others; run: chmod 600 ${path}`);
    }
    if (size > sizeLimitBytes) {
      throw new Error(`the key file ${path} is larger than ${mostKeys} keys are; point WAFFO_KEK_FILE at the key file`);
    }
    return (await file.readFile('latin1')).trim();
  } finally {
    await file.close();
  }
}

async function regularFile(file: FileHandle, path: string): Promise<{ mode: number; size: number }> {
  const stats = await file.stat();
  if (!stats.isFile()) throw new Error(`the key file ${path} is not a file; point WAFFO_KEK_FILE at the key file`);
  return stats;
}

/** @returns the path of a file beside `path` that holds these keys and has reached the disk */
async function writeDraft(path: string, keys: readonly Buffer[]): Promise<string> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(keys.map((key) => `${key.toString('base64')}\n`).join(''));
    await file.sync();
  } finally {
    await file.close();
  }
  return draft;
}

/** Who adds a key, root perhaps, must not take the file from the gateways that read it. */
async function giveTo({ uid, gid }: Stats, draft: string, path: string): Promise<void> {
  const own = await stat(draft);
  if (own.uid === uid && own.gid === gid) return;
  await chown(draft, uid, gid).catch(async ({ code }: NodeJS.ErrnoException) => {
    await unlink(draft);
    throw new Error(`the key file ${path} would get another owner (${code}); run this as its owner, or as root`);
  });
}

/** A power cut must not take the key and leave what was sealed with it. */
async function syncFolder(path: string): Promise<void> {
  if (isWindows) return;
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
