/** What must hold before the tests are worth running. All of it runs, also after one check has failed. */
import { setTimeout as pause } from 'node:timers/promises';
import { step } from './progress.mjs';
import { bin, npm, root, run } from './run.mjs';

/** A check that takes longer than this hangs. */
const timeoutMs = 5 * 60_000;

const publint = (folder) => bin('publint/src/cli.js', folder, '--strict');
const attw = (folder, ...args) => bin('@arethetypeswrong/cli/dist/index.js', '--pack', folder, '--no-emoji', ...args);

/** The compiler that is a program of its own: it takes a quarter of the time. The bundler needs the other one, which has an API. */
const tsc = (folder) => bin('typescript-native/bin/tsc', '-p', folder);

/** In order of what a person wants to hear first. */
const checks = [
  { name: 'format and lint', commands: [bin('@biomejs/biome/bin/biome', 'check', '--error-on-warnings')] },
  { name: 'types', commands: [root, `${root}apps/demo/src/page`].map(tsc) },
  { name: 'generated files', commands: [npm('run', '--silent', 'generate', '--', '--check')] },
  { name: 'unused files, exports and packages', commands: [bin('knip/bin/knip.js', '--no-progress')] },
  { name: 'size of the browser SDK', commands: [npm('run', '--silent', 'size', '-w', '@waffo/payment-sdk')] },
  {
    name: 'packages as npm publishes them',
    commands: [
      publint('packages/payment-sdk'),
      publint('packages/waffo-node'),
      attw('packages/payment-sdk', '--profile', 'esm-only'),
      attw('packages/waffo-node', '--profile', 'node16'),
    ],
  },
];

/** For those who run the checks without the tests. */
const architecture = {
  name: 'architecture rules',
  commands: [bin('vitest/vitest.mjs', 'run', '--project', 'unit', 'test/architecture.test.ts')],
};

/**
 * Runs the checks, two at a time.
 *
 * @param {{ architecture: boolean }} options - `architecture` adds the rules that are also a test
 * @returns {Promise<{ name: string, error: Error }[]>} those that failed
 */
export async function runChecks(options) {
  const waiting = options.architecture ? [...checks, architecture] : [...checks];
  const failed = [];
  const work = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const { name, commands } = check;
      await step(`Check ${name}`, () => all(commands)).catch((error) => failed.push({ name, error }));
    }
  };
  await Promise.all([work(), pause(0).then(work)]);
  return failed;
}

async function all(commands) {
  for (const command of commands) await run(command, { timeoutMs });
}
