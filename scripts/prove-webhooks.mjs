/** Runs the proofs of delivery at full size: 100,000 notifications in a storm, and the others' time among fifty dead endpoints. */
import { spawnSync } from 'node:child_process';

const tests = ['storm', 'fairness'].map((name) => `packages/gateway/src/webhook/${name}.test.ts`);
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', '--no-file-parallelism', ...tests],
  {
    cwd: new URL('../', import.meta.url),
    env: { ...process.env, PROOF_SIZE: 'full' },
    stdio: 'inherit',
  },
);
process.exitCode = status ?? 1;
