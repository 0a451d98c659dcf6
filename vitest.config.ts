import { availableParallelism } from 'node:os';
import { register } from 'tsx/esm/api';
import { defineConfig } from 'vitest/config';

// Vite does not compile ES decorators: everything runs natively through tsx, here (set-up, reporter) and in the workers.
register();

const project = (name: string, include: string, more = {}) => ({
  extends: true as const,
  test: { name, include: [include], ...more },
});

export default defineConfig({
  test: {
    pool: 'forks',
    // A new process for every file would load the ORM again each time: 1 s a file.
    isolate: false,
    maxWorkers: Math.max(2, availableParallelism()),
    execArgv: ['--import', 'tsx'],
    experimental: { viteModuleRunner: false },
    // What a test printed matters when it fails.
    silent: 'passed-only',
    reporters: ['default', './tests/support/summary.reporter.ts'],
    projects: [
      project('pure', 'tests/**/*.test.ts', { exclude: ['tests/**/*.{db,pglite}.test.ts'] }),
      project('postgres', 'tests/**/*.db.test.ts', {
        globalSetup: './tests/support/postgres.setup.ts',
        testTimeout: 20_000,
        hookTimeout: 30_000,
      }),
      // PGlite takes seconds to start, and longer when suites start it side by side.
      project('pglite', 'tests/**/*.pglite.test.ts', { testTimeout: 30_000, hookTimeout: 60_000 }),
    ],
  },
});
