/** The key-encryption key from a file: 32 bytes in base64, readable by its owner only. Everything hangs on this file. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Secret } from '../secret.ts';

export interface Kek {
  /** Says which key it is, and nothing about it. */
  readonly kekId: string;
  readonly key: Secret<Buffer>;
}

const keyBytes = 32;

/**
 * @param path - absolute
 * @param options.create - whether to make a key when there is no file; only a first start may
 * @throws Error with one sentence when the file is missing, has another form, or is open to others
 */
export async function kekFromFile(path: string, options: { readonly create: boolean }): Promise<Kek> {
  if (options.create) await createOnce(path);
  const { mode } = await stat(path).catch(() => {
    throw new Error(`the key file ${path} is missing; put it back from your copy, or point WAFFO_KEK_FILE at it`);
  });
  if ((mode & 0o077) !== 0) throw new Error(`the key file ${path} is open to others; run: chmod 600 ${path}`);
  const text = (await readFile(path, 'utf8')).trim();
  const key = Buffer.from(text, 'base64');
  if (key.length !== keyBytes || key.toString('base64') !== text) {
    throw new Error(`the key file ${path} does not hold 32 bytes in base64; put it back from your copy`);
  }
  return {
    kekId: createHash('sha256').update('waffo kek id').update(key).digest('hex').slice(0, 16),
    key: new Secret(key),
  };
}

async function createOnce(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined;
    throw error;
  });
  if (file === undefined) return;
  await file.writeFile(`${randomBytes(keyBytes).toString('base64')}\n`);
  await file.sync();
  await file.close();
}
