/**
 * Builds what changed. A workspace is stale when the names, sizes and times of the files it is made of differ from
 * those of its last build; nothing is compiled to find that out, so a start with nothing to build costs milliseconds.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { step } from './progress.mjs';
import { bin, npm, root, run } from './run.mjs';

/**
 * In order. `from`: other workspaces whose sources end up in this one. `after`: workspaces whose build must be there
 * first. The SDKs bundle the protocol's sources, so they need not wait for its build.
 */
const workspaces = [
  { folder: 'packages/protocol', from: [], after: [] },
  { folder: 'packages/payment-sdk', from: ['packages/protocol'], after: [] },
  { folder: 'packages/waffo-node', from: ['packages/protocol'], after: [] },
  { folder: 'packages/gateway', from: ['packages/protocol'], after: ['packages/protocol'] },
  {
    folder: 'apps/demo',
    from: ['packages/protocol', 'packages/payment-sdk', 'packages/waffo-node'],
    after: ['packages/payment-sdk', 'packages/waffo-node'],
  },
];

const sharedInputs = ['package-lock.json', 'tsconfig.base.json', 'tsconfig.json', 'scripts/steps/build.mjs'];
/** Where the states of the last builds are kept; without it everything is stale. */
export const stampFolder = join(root, 'node_modules', '.cache', 'waffo');
const isTest = (name) => /\.test\.ts$/.test(name);

/**
 * Builds the stale workspaces, side by side where they do not need each other.
 *
 * @returns {Promise<readonly string[]>} the folders that were built
 * @throws {import('./run.mjs').RunError} with the compiler's words
 */
export async function build() {
  const stale = await staleWorkspaces();
  if (stale.length === 0) return [];
  const builds = new Map();
  for (const workspace of workspaces.filter(({ folder }) => stale.includes(folder))) {
    const before = workspace.after.map((folder) => builds.get(folder));
    builds.set(
      workspace.folder,
      Promise.all(before).then(() => buildOne(workspace)),
    );
  }
  const results = await Promise.allSettled(builds.values());
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
  const { name, scripts } = JSON.parse(readFileSync(join(root, workspace.folder, 'package.json'), 'utf8'));
  await step(`Build ${name}`, () =>
    scripts?.build === undefined
      ? compile(workspace.folder)
      : run(npm('run', '--silent', 'build', '-w', workspace.folder)),
  );
  await mkdir(stampFolder, { recursive: true });
  await writeFile(stampFile(workspace), state);
}

/** TypeScript to JavaScript, everything else copied beside it, and nothing left of what is gone. */
async function compile(folder) {
  const [source, target] = [join(root, folder, 'src'), join(root, folder, 'dist')];
  await run(bin('typescript/bin/tsc', '-p', join(root, folder)));
  const files = (await filesUnder(source)).filter((name) => !isTest(name));
  const made = new Set(['.tsbuildinfo']);
  for (const name of files) {
    const stem = name.replace(/\.ts$/, '');
    if (stem === name) await copyAsset(join(source, name), join(target, name));
    for (const output of stem === name ? [name] : [`${stem}.js`, `${stem}.js.map`, `${stem}.d.ts`]) made.add(output);
  }
  const left = (await filesUnder(target)).filter((name) => !made.has(name));
  await Promise.all(left.map((name) => rm(join(target, name))));
}

async function copyAsset(from, to) {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
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
