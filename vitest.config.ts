import { defineConfig } from 'vitest/config';

// Sources, not builds, are tested: every package exports `@ferry/source`. The end-to-end tests of apps/server
// start the built server as a process, so `pnpm run check` builds first.
const conditions = ['@ferry/source'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'apps/*/src/**/*.test.{ts,tsx}',
      'apps/*/test/**/*.test.ts',
      'bench/src/**/*.test.ts',
      'scripts/**/*.test.ts',
    ],
    environment: 'node',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Its default of one second is an assertion of milliseconds on a busy machine.
    expect: { poll: { timeout: 15_000 } },
    maxWorkers: 2,
    allowOnly: false,
    passWithNoTests: false,
    reporters: ['default', ['json', { outputFile: '.reports/vitest.json' }]],
  },
});
