/** Installs the packages when something is missing or package-lock.json asks for others. */
import { readFile } from 'node:fs/promises';
import { step } from './progress.mjs';
import { npm, root, run } from './run.mjs';

/**
 * Makes sure that what package-lock.json asks for is what node_modules holds. Costs milliseconds when it is.
 *
 * @throws {import('./run.mjs').RunError} with npm's own words when npm cannot install
 */
export async function install() {
  if (await isInstalled()) return;
  await step('Install packages', () =>
    // Whatever NODE_ENV says: the compiler is a development dependency.
    run(npm('ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error')),
  );
}

/** npm keeps a lock file of what it really installed, and writes it last: a broken install has none. */
async function isInstalled() {
  const [wanted, present] = await Promise.all(['package-lock.json', 'node_modules/.package-lock.json'].map(packagesIn));
  if (present === undefined) return false;
  return Object.entries(wanted ?? {}).every(([path, { version, optional, link }]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true;
    const found = present[path];
    return found === undefined ? optional === true : link === true || found.version === version;
  });
}

async function packagesIn(name) {
  try {
    return JSON.parse(await readFile(`${root}${name}`, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
