/** A home of its own for a gateway that is to be killed, with a database that is set up already. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';

/**
 * @param prefix - of its name, e.g. `waffo-crash-`
 * @returns a WAFFO_HOME; whoever asked for it removes it
 */
export async function layHome(prefix: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), prefix));
  try {
    // Node's own copy would make us the owner of what belongs to the account that PostgreSQL runs as.
    await promisify(execFile)('cp', ['-a', `${inject('preparedHome')}/.`, home]);
    return home;
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}
