import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.js'],
    setupFiles: ['leakwatch/vitest'],
    reporters: ['default', ['leakwatch/vitest-reporter', { failOnLeak: true, junit: 'reports/leaks.xml' }]],
  },
});
