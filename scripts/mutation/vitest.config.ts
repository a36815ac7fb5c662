import { defineConfig } from 'vitest/config';
import type { RunnerTask, RunnerTestFile, RunnerTestSuite, Vitest } from 'vitest/node';
import { testsOf } from './parts.mjs';

/**
 * Stryker looks at tests only: a file that a mutant keeps from loading, or a hook that it breaks, has none and would count
 * as passed, though `vitest run` fails. So such a suite is shown to it with one failed test.
 */
const loading = {
  name: 'loading-is-a-test',
  configureVitest({ vitest: { state } }: { vitest: Vitest }) {
    const getFiles = state.getFiles.bind(state);
    state.getFiles = (keys) => getFiles(keys).map((file) => withFailedLoad(file));
  },
};

function withFailedLoad<Suite extends RunnerTestFile | RunnerTestSuite>(suite: Suite): Suite {
  const tasks = suite.tasks.map((task) => (task.type === 'suite' ? withFailedLoad(task) : task));
  const errors = suite.result?.errors ?? [];
  if (errors.length === 0) return { ...suite, tasks };
  const load = {
    type: 'test',
    id: `${suite.id}_load`,
    name: 'loads',
    fullName: 'loads',
    suite,
    file: suite.file,
    meta: {},
  };
  return { ...suite, tasks: [...tasks, { ...load, result: { state: 'fail', errors } } as unknown as RunnerTask] };
}

/** Only the tests that stand beside the mutated sources: what they cannot see, they do not prove. */
export default defineConfig({
  plugins: [loading],
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: testsOf(process.env.MUTATED_PARTS),
    globalSetup: (process.env.MUTATED_PARTS ?? 'vault').includes('vault') ? ['test/kit/postgres.setup.ts'] : [],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
