/** Runs the proof of renewals at full size, over two years: `npm run prove:subscriptions -- <seed>`. */
import { spawnSync } from 'node:child_process';

const [seed] = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--project', 'flows', 'test/flows/subscription-years.test.ts'],
  {
    cwd: new URL('../', import.meta.url),
    env: { ...process.env, PROOF_SIZE: 'full', ...(seed && { PROOF_SEED: seed }) },
    stdio: 'inherit',
  },
);
process.exitCode = status ?? 1;
