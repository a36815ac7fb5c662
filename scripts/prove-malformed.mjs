/** `npm run prove:malformed [-- <count> [<seed>]]`: P-1 with a million requests, or another number and seed. */
import { spawnSync } from 'node:child_process';

const [count = '1000000', seed = '1'] = process.argv.slice(2);
const run = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'flows', 'test/flows/malformed.test.ts'];
const { status } = spawnSync(process.execPath, run, {
  stdio: 'inherit',
  env: { ...process.env, MALFORMED_COUNT: count, MALFORMED_SEED: seed },
});
process.exitCode = status ?? 1;
