/** Where the embedded server's socket lies: a folder of its own with a short path, found again after a restart. */
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Account, belongsTo, own } from './embedded-account.ts';

/** `sun_path` has 107 bytes, and the socket's name takes 20 of them. */
const longest = 80;

/**
 * @throws Error when somebody else made the folder
 */
export async function socketFolderOf(dataFolder: string, account: Account): Promise<string> {
  const near = join(dirname(dataFolder), 'run');
  const far = join(tmpdir(), `waffo-${createHash('sha256').update(dataFolder).digest('hex').slice(0, 16)}`);
  const folder = Buffer.byteLength(near) <= longest ? near : far;
  const made = await mkdir(folder, { mode: 0o700 }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
      return false;
    },
  );
  if (made) await own([folder], account);
  else if (!(await lstat(folder)).isDirectory() || !(await belongsTo(folder, account))) {
    throw new Error(`${folder} belongs to somebody else; remove it or choose another WAFFO_HOME`);
  }
  if (made) await chmod(folder, 0o700);
  return folder;
}
