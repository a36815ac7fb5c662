/** Installs Debian packages that the tests need, when this is Debian and we are root; says what to do when not. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { step } from './progress.mjs';
import { run } from './run.mjs';

/** Two installs at once wait for each other this long. */
const lockTimeoutS = 300;

let listsAreFresh = false;

/**
 * @param {string} name - the Debian package
 * @throws {Error} with the sentence that tells a person what to install
 */
export async function installDebianPackage(name) {
  const apt = (...args) =>
    run(['apt-get', '-q', '-y', '-o', `DPkg::Lock::Timeout=${lockTimeoutS}`, ...args], {
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    });
  if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) {
    throw new Error(`The tests need ${name}, and only root on Debian can install it for you: apt-get install ${name}`);
  }
  await step(`Install the Debian package ${name}`, async () => {
    // Lists that are a day old are better than none: the install tells whether they are good enough.
    if (!listsAreFresh) await apt('update').catch(() => {});
    listsAreFresh = true;
    await apt('install', '--no-install-recommends', name);
  });
}

/** Keeps Debian from making and starting a cluster of its own when `postgresql` is installed; the tests make theirs. */
export async function withoutDebianCluster() {
  const file = '/etc/postgresql-common/createcluster.conf';
  if (process.getuid?.() !== 0 || existsSync(file)) return;
  await mkdir('/etc/postgresql-common', { recursive: true });
  await writeFile(file, 'create_main_cluster = false\n');
}
