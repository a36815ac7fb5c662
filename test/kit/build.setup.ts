/**
 * Builds what changed before tests start processes of the gateway: they run what is shipped, which starts in half the time of its
 * sources.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const root = new URL('../../', import.meta.url).pathname;

export default async function setup(): Promise<void> {
  await promisify(execFile)(process.execPath, ['scripts/build.mjs'], { cwd: root });
}
