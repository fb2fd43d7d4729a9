'use strict';
// Builds the addon from source and puts it where lib/native.js looks first.

const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { platformName } = require('../lib/native');

const ROOT = path.join(__dirname, '..');

function fail(text) {
  process.stderr.write(`leakwatch: ${text}\n`);
  process.exit(1);
}

/** The shared library among what cargo says it made. */
function library(messages) {
  for (const line of messages.split('\n')) {
    if (!line.startsWith('{')) continue;
    const message = JSON.parse(line);
    if (message.reason !== 'compiler-artifact' || message.target.name !== 'leakwatch') continue;
    const found = message.filenames.find((name) => /\.(so|dylib|dll)$/.test(name));
    if (found) return found;
  }
  return fail('cargo built no shared library');
}

/**
 * As a shared library alone, cargo leaves out what only Rust callers could use; and functions are inlined where that costs
 * little, 2.2 MB become 1.99. The analysis takes as long as before; with 40 for the hint it would take a tenth longer.
 */
const SMALL = ['--crate-type', 'cdylib', '--', '-C', 'llvm-args=-inline-threshold=20 -inlinehint-threshold=120'];

function build() {
  const args = ['rustc', '--release', '--locked', '--lib', '--message-format=json-render-diagnostics', ...SMALL];
  const cargo = spawnSync('cargo', args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (cargo.error && cargo.error.code === 'ENOENT') {
    fail('building needs Rust: install it from https://rustup.rs, then run "npm run build" again');
  }
  if (cargo.error) fail(`cargo could not be run: ${cargo.error.message}`);
  if (cargo.status !== 0) fail('cargo build failed; its messages are above');
  const target = path.join(ROOT, `leakwatch.${platformName()}.node`);
  // Under a new name first: a process may have the old one mapped.
  const temporary = `${target}.${process.pid}.tmp`;
  fs.copyFileSync(library(cargo.stdout), temporary);
  fs.renameSync(temporary, target);
  return target;
}

if (require.main === module) {
  const target = build();
  process.stdout.write(`built ${path.basename(target)}\n`);
}

module.exports = { build };
