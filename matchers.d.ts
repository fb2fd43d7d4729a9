import leakwatch = require('./index');

/**
 * Matchers for Jest and Vitest. Loading this file adds them where `expect` is
 * a global: `setupFilesAfterEnv: ['leakwatch/matchers']`. Elsewhere:
 * `expect.extend({ toLeak })`.
 */
declare namespace matchers {
  /** `await expect(fn).not.toLeak(options?)`; see {@link leakwatch.check}. */
  function toLeak(
    fn: () => unknown,
    options?: leakwatch.CheckOptions
  ): Promise<{ pass: boolean; message: () => string }>;
}

declare global {
  namespace jest {
    // Merges with Jest's own, whose parameters these must be.
    interface Matchers<R, T = {}> {
      /** Whether the function leaks. Asynchronous: await it. */
      toLeak(options?: leakwatch.CheckOptions): Promise<void>;
    }
  }
}

export = matchers;
