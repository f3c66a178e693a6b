import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/integration/**', 'test/slurm/**', 'test/kubernetes/**'],
          testTimeout: 60_000,
          // Files share what they import: loading it for each anew takes as long as the tests. They must not leave traces in it.
          isolate: false,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/integration/global-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          // One real server and two cores: files one after another.
          fileParallelism: false,
        },
      },
    ],
  },
});
