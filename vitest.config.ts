import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@media-jobs/source'] },
  ssr: { resolve: { conditions: ['@media-jobs/source'], externalConditions: ['@media-jobs/source'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    typecheck: { enabled: true, include: ['packages/*/src/**/*.test-d.ts', 'test/**/*.test-d.ts'], tsconfig: './tsconfig.json' },
  },
});
