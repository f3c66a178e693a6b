import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'kubernetes',
    include: ['test/kubernetes/**/*.test.ts'],
    globalSetup: ['test/kubernetes/global-setup.ts'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // A control plane per file, and two cores: files one after another.
    fileParallelism: false,
  },
});
