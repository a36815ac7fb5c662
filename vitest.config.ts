import { defineConfig } from 'vitest/config';

const source = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source'] } } };

/** Gateways as they are shipped, each a process. */
const processes = {
  globalSetup: ['test/kit/build.setup.ts', 'test/kit/home.setup.ts'],
  testTimeout: 120_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    projects: [
      {
        ...source,
        test: {
          name: 'unit',
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'test/*.test.ts'],
          globalSetup: ['test/kit/postgres.setup.ts'],
          setupFiles: ['test/kit/database.setup.ts'],
          // Servers are started and keys made on machines that do other things too.
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...source,
        test: {
          name: 'flows',
          // A gateway takes long to load, and keeps nothing outside of what a test starts and stops.
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          include: ['test/flows/**/*.test.ts'],
          globalSetup: ['test/kit/postgres.setup.ts', 'test/kit/furnished.setup.ts'],
          setupFiles: ['test/kit/database.setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...source,
        test: {
          name: 'process',
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          include: ['test/process/*.test.ts'],
          ...processes,
        },
      },
      {
        ...source,
        test: {
          // Power cuts, failures and loads: what they judge by time, nobody beside them may spoil.
          name: 'alone',
          isolate: false,
          sequence: { groupOrder: 3 },
          include: ['test/process/alone/*.test.ts'],
          ...processes,
          fileParallelism: false,
          maxConcurrency: 3,
        },
      },
      {
        ...source,
        test: {
          name: 'browser',
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/kit/postgres.setup.ts', 'test/kit/furnished.setup.ts'],
          setupFiles: ['test/kit/database.setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
