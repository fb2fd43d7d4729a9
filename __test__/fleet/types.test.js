'use strict';
// The exporters' types against the packages they are for.

const assert = require('assert');
const { spawnSync } = require('child_process');
const path = require('path');
const { test } = require('node:test');
const { FOLDER, ROOT } = require('./support/child');

test('the types take what prom-client and OpenTelemetry export', () => {
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const flags = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'nodenext', '--types', 'node'];
  const roots = ['--typeRoots', path.join(ROOT, 'node_modules', '@types')];
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...flags, ...roots, 'types.cts'], { cwd: FOLDER, encoding: 'utf8' });
  assert.strictEqual(status, 0, stdout);
});
