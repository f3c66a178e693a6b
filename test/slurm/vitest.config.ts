import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'slurm',
    include: ['test/slurm/**/*.test.ts'],
    globalSetup: ['test/slurm/global-setup.ts'],
    testTimeout: 90_000,
    hookTimeout: 120_000,
    // A cluster of its own for every file, on two cores: files one after another.
    fileParallelism: false,
  },
});
