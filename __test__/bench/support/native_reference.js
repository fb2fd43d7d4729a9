'use strict';
// Builds native_reference.rs and gives its path, or null where it cannot be.

const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const ROOT = path.join(__dirname, '..', '..', '..');

function build(folder) {
  const args = ['build', '--release', '--locked', '--features', 'bench', '--example', 'native_reference'];
  const cargo = spawnSync('cargo', [...args, '--message-format=json'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (cargo.status !== 0) return null;
  for (const line of cargo.stdout.split('\n')) {
    if (!line.startsWith('{')) continue;
    const message = JSON.parse(line);
    if (message.reason !== 'compiler-artifact' || message.target.name !== 'native_reference') continue;
    const library = message.filenames.find((name) => /\.(so|dylib|dll)$/.test(name));
    if (!library) continue;
    // Node loads addons by this ending alone.
    const copy = path.join(folder, 'native_reference.node');
    fs.copyFileSync(library, copy);
    return copy;
  }
  return null;
}

module.exports = { build };
