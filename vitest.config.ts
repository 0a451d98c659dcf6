import { register } from 'tsx/esm/api';
import { defineConfig } from 'vitest/config';

// Vite does not compile ES decorators: everything runs natively through tsx, here (global setup) and in the workers.
register();
const throughTsx = {
  pool: 'forks' as const,
  execArgv: ['--import', 'tsx'],
  experimental: { viteModuleRunner: false },
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...throughTsx,
          name: 'pure',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/**/*.{db,pglite}.test.ts'],
        },
      },
      {
        test: {
          ...throughTsx,
          name: 'postgres',
          include: ['tests/**/*.db.test.ts'],
          globalSetup: './tests/support/postgres.setup.ts',
        },
      },
      {
        test: {
          ...throughTsx,
          name: 'pglite',
          include: ['tests/**/*.pglite.test.ts'],
        },
      },
    ],
  },
});
