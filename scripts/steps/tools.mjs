/** Finds what the tests need besides npm's packages, and installs it where that is possible. Nothing is skipped for want of it. */
import { existsSync, readdirSync } from 'node:fs';
import { installDebianPackage, withoutDebianCluster } from './debian.mjs';

/** The shell is the same browser without the parts that a window needs, and takes much less processor time. */
const chromiumPlaces = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** The oldest PostgreSQL that we promise to run on. */
const leastPostgres = 15;

/**
 * @returns {Promise<string>} path of a Chromium
 * @throws {Error} with one sentence when there is none and it cannot be installed
 */
export async function findChromium() {
  const given = process.env.CHROMIUM_PATH?.trim();
  if (given) {
    if (!existsSync(given)) throw new Error(`CHROMIUM_PATH is "${given}", and there is no such file.`);
    return given;
  }
  const find = () => chromiumPlaces.find((path) => existsSync(path));
  if (find() === undefined) await installDebianPackage('chromium-headless-shell');
  const path = find();
  if (path === undefined) throw new Error('The tests need Chromium; set CHROMIUM_PATH to it.');
  return path;
}

/** Makes sure that a PostgreSQL which we did not bring is there: the flows run on it too. */
export async function findDebianPostgres() {
  const versions = () => {
    const place = '/usr/lib/postgresql';
    return existsSync(place) ? readdirSync(place).filter((version) => Number(version) >= leastPostgres) : [];
  };
  if (versions().length > 0) return;
  await withoutDebianCluster();
  await installDebianPackage('postgresql');
  if (versions().length === 0)
    throw new Error(`The tests need PostgreSQL ${leastPostgres} or later: apt-get install postgresql`);
}

/** Systemd is asked what it thinks of the unit in `deploy/`; it need not run here. Where it cannot be had, its test says so. */
export async function findSystemdAnalyze() {
  if (['/usr/bin/systemd-analyze', '/bin/systemd-analyze'].some((path) => existsSync(path))) return;
  await installDebianPackage('systemd').catch(() => {});
}
