'use strict';
// How test files are found again in a snapshot.

/** Its instances mark environments, which they hold weakly. The class's name is looked for. */
class LeakwatchTestFile {
  constructor(label, environment) {
    // eslint-disable-next-line n/no-unsupported-features/es-builtins, n/no-unsupported-features/es-syntax
    const { WeakRef: Weak } = globalThis;
    this.label = label;
    this.environment = Weak ? new Weak(environment) : undefined;
  }
}

const labelOf = (n) => `leakwatch test file ${n}`;

module.exports = { LeakwatchTestFile, MARK: 'LeakwatchTestFile', labelOf };
