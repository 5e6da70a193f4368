import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** `npm run test:soak` runs the long `*.soak.test.ts` files and nothing else; everything else never runs them. */
const soak = process.env['SOAK'] === '1';

export default defineConfig({
  resolve: { conditions: ['@media-jobs/source'] },
  ssr: { resolve: { conditions: ['@media-jobs/source'], externalConditions: ['@media-jobs/source'] } },
  test: {
    include: soak ? ['packages/*/src/**/*.soak.test.ts', 'test/**/*.soak.test.ts'] : ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: soak ? [] : ['**/*.soak.test.ts'],
    testTimeout: soak ? 1_800_000 : 30_000,
    hookTimeout: 60_000,
    // What is waited for comes sooner or later: on a busy machine later.
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks',
    fileParallelism: !soak,
    // Most tests wait for processes of theirs: on two processors, two files at a time take two thirds of the time of one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    typecheck: { enabled: !soak, include: ['packages/*/src/**/*.test-d.ts', 'test/**/*.test-d.ts'], tsconfig: './tsconfig.json' },
  },
});
