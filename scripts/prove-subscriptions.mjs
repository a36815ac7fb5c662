/**
 * Runs a proof of subscriptions at full size: two years of many (`npm run prove:subscriptions -- <seed>`), or many sequences of what
 * can go wrong with one (`npm run prove:sequences -- <seed>`).
 */
import { spawnSync } from 'node:child_process';

const [file, seed] = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--project', 'flows', `test/flows/${file}.test.ts`],
  {
    cwd: new URL('../', import.meta.url),
    env: { ...process.env, PROOF_SIZE: 'full', ...(seed && { PROOF_SEED: seed }) },
    stdio: 'inherit',
  },
);
process.exitCode = status ?? 1;
