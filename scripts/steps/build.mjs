/**
 * Builds what changed. A workspace is stale when the names, sizes and times of the files it is made of differ from
 * those of its last build; nothing is compiled to find that out, so a start with nothing to build costs milliseconds.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { step } from './progress.mjs';
import { npm, root, run } from './run.mjs';

/** `from`: other workspaces whose sources end up in this one. */
const workspaces = [
  { folder: 'packages/payment-sdk', from: ['packages/protocol'] },
  { folder: 'packages/waffo-node', from: ['packages/protocol'] },
  { folder: 'packages/gateway', from: ['packages/protocol'] },
  { folder: 'apps/demo', from: [] },
];

const sharedInputs = [
  'package-lock.json',
  'tsconfig.base.json',
  'tsconfig.json',
  'tsdown.server.ts',
  'scripts/steps/build.mjs',
];
/** Where the states of the last builds are kept; without it everything is stale. */
export const stampFolder = join(root, 'node_modules', '.cache', 'waffo');
const isTest = (name) => /\.test\.ts$/.test(name);

/**
 * Builds the stale workspaces, side by side: what they need of each other is bundled from its sources, or read when they run.
 *
 * @returns {Promise<readonly string[]>} the folders that were built
 * @throws {import('./run.mjs').RunError} with the bundler's words
 */
export async function build() {
  const stale = await staleWorkspaces();
  if (stale.length === 0) return [];
  const results = await Promise.allSettled(
    workspaces.filter(({ folder }) => stale.includes(folder)).map((workspace) => buildOne(workspace)),
  );
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return stale;
}

/** @returns {Promise<string>} a word that changes when a file changes that anything is built from */
export async function sourceState() {
  return (await Promise.all(workspaces.map(fingerprint))).join(' ');
}

async function staleWorkspaces() {
  const states = await Promise.all(
    workspaces.map(async (workspace) => {
      const built = existsSync(join(root, workspace.folder, 'dist'));
      return built && (await fingerprint(workspace)) === (await stampOf(workspace)) ? [] : [workspace.folder];
    }),
  );
  return states.flat();
}

async function buildOne(workspace) {
  const state = await fingerprint(workspace);
  const { name } = JSON.parse(readFileSync(join(root, workspace.folder, 'package.json'), 'utf8'));
  await step(`Build ${name}`, () => run(npm('run', '--silent', 'build', '-w', workspace.folder)));
  await mkdir(stampFolder, { recursive: true });
  await writeFile(stampFile(workspace), state);
}

const stampFile = ({ folder }) => join(stampFolder, `${folder.replaceAll('/', '-')}.stamp`);
const stampOf = (workspace) => readFile(stampFile(workspace), 'utf8').catch(() => undefined);

async function fingerprint({ folder, from }) {
  const hash = createHash('sha256').update(process.version);
  const inputs = [...sharedInputs, ...(await Promise.all([folder, ...from].map(inputsOf))).flat()];
  for (const name of inputs) {
    const { size, mtimeMs } = statSync(join(root, name));
    hash.update(`${name}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

async function inputsOf(folder) {
  const sources = (await filesUnder(join(root, folder, 'src'))).filter((name) => !isTest(name));
  const settings = (await readdir(join(root, folder))).filter((name) => /\.(ts|json|mjs)$/.test(name));
  return [...sources.map((name) => `${folder}/src/${name}`), ...settings.map((name) => `${folder}/${name}`)].sort();
}

/** @returns every file below the folder, as paths relative to it with `/` */
async function filesUnder(folder) {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    );
}
