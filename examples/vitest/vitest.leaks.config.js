import { defineConfig } from 'vitest/config';

// vmThreads gives each test file a realm in a thread that goes on: what a file leaves behind stays for the rest of the run.
export default defineConfig({
  test: {
    include: ['leaks/**/*.test.js'],
    pool: 'vmThreads',
    maxWorkers: 2,
    setupFiles: ['leakwatch/vitest'],
    reporters: ['default', ['leakwatch/vitest-reporter', { failOnLeak: true }]],
  },
});
