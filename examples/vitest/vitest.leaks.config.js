import { defineConfig } from 'vitest/config';

// Each test file has a process of its own here, so a file is held against a budget: what may be left when its tests are over.
export default defineConfig({
  test: {
    include: ['leaks/**/*.test.js'],
    setupFiles: ['leakwatch/vitest'],
    reporters: ['default', ['leakwatch/vitest-reporter', { failOnLeak: true, budgets: { file: '5 MB' } }]],
  },
});
