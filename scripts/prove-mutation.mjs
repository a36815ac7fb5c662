/**
 * `npm run prove:mutation [-- envelope|signature|vault]`: changes the code that guards cards in every small way that Stryker
 * knows, and runs the tests that stand beside it against each change. Prints what survived; fails below 85 %. Takes up to
 * half an hour, so it is a command and no part of CI. Its tool is installed on first use, apart from ours.
 */
import './steps/node-version.mjs';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { install } from './steps/install.mjs';
import { fail, step } from './steps/progress.mjs';
import { npm, root, run } from './steps/run.mjs';

const tool = join(root, 'scripts', 'mutation');
const stryker = join(tool, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
const parts = process.argv.slice(2).join();

try {
  await install();
  if (!existsSync(stryker)) {
    await step('Install the mutation tool', () => run(npm('ci', '--no-audit', '--no-fund'), { cwd: tool }));
  }
  const env = parts === '' ? {} : { MUTATED_PARTS: parts };
  await run([process.execPath, stryker, 'run', join(tool, 'stryker.config.mjs')], { env, show: true });
} catch (error) {
  fail(error);
}
