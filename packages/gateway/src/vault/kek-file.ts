/**
 * The key-encryption key from a file: 32 bytes in base64, readable by its owner only. Everything that is sealed hangs on
 * this file: it is never overwritten, and never made where one is merely missing.
 */
import { createHash, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { access, type FileHandle, link, mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface Kek {
  /** Says which key it is, and nothing about it: 16 hex digits of a hash. */
  readonly kekId: string;
  readonly key: KeyObject;
}

const keyBytes = 32;
/** More than 32 bytes in base64 and a line break need; what is longer is not read. */
const sizeLimitBytes = 128;
const isWindows = process.platform === 'win32';

/**
 * @param path - absolute
 * @param options.create - whether to make a key when there is no file; only the first start of a database may
 * @throws Error with one sentence that says what to do when the file is missing, cannot be read, is open to others (also
 *   through a symbolic link), or does not hold a key
 * @example
 * const kek = await kekFromFile('/etc/waffo/kek', { create: !(await isSealed(database)) });
 */
export async function kekFromFile(path: string, options: { readonly create: boolean }): Promise<Kek> {
  if (options.create) await createOnce(path);
  const text = await readPrivately(path);
  const key = Buffer.from(text, 'base64');
  if (key.length !== keyBytes || key.toString('base64') !== text) {
    throw new Error(`the key file ${path} does not hold 32 bytes in base64; put it back from your copy`);
  }
  const kekId = createHash('sha256').update('waffo kek id').update(key).digest('hex').slice(0, 16);
  const kek = { kekId, key: createSecretKey(key) };
  key.fill(0);
  return kek;
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
    return size > sizeLimitBytes ? '' : (await file.readFile('latin1')).trim();
  } finally {
    await file.close();
  }
}

async function regularFile(file: FileHandle, path: string): Promise<{ mode: number; size: number }> {
  const stats = await file.stat();
  if (!stats.isFile()) throw new Error(`the key file ${path} is not a file; point WAFFO_KEK_FILE at the key file`);
  return stats;
}

/** The file appears whole or not at all, whoever is killed in between, and the first of two that make it wins. */
async function createOnce(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  if (
    await access(path).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
    )
  )
    return;
  const draft = `${path}.${randomBytes(6).toString('hex')}.new`;
  await writeThrough(draft, `${randomBytes(keyBytes).toString('base64')}\n`);
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  if (!isWindows) await syncFolder(dirname(path));
}

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A power cut must not take the key and leave what was sealed with it. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
