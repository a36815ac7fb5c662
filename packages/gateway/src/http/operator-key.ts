/** The operator API's bearer key: a file that only the operator's account can read, made once. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newOperatorKey } from '../id.ts';

/**
 * @param home - folder of the file `operator.key`
 * @returns the key
 */
export async function operatorKeyIn(home: string): Promise<string> {
  const path = join(home, 'operator.key');
  await writeFile(path, `${newOperatorKey()}\n`, { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return (await readFile(path, 'utf8')).trim();
}
