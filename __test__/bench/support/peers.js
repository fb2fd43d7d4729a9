'use strict';
// The tools that leakwatch is measured beside. None of them is needed: one that
// does not build here is reported as "not built".

const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const HERE = path.join(__dirname, '..');
const NAMES = ['gc-stats', 'heapdump', 'prom-client'];

function upToDate() {
  const stamp = path.join(HERE, 'node_modules', '.package-lock.json');
  const lock = path.join(HERE, 'package-lock.json');
  return fs.existsSync(stamp) && fs.statSync(stamp).mtimeMs >= fs.statSync(lock).mtimeMs;
}

/** Installs the locked peers once; they are optional, so a failed build fails nothing. */
function install() {
  if (upToDate()) return;
  const env = Object.assign({}, process.env);
  // Headers that came with this Node need not be downloaded.
  const prefix = path.join(path.dirname(process.execPath), '..');
  const headers = path.join(prefix, 'include', 'node', 'node.h');
  if (!env.npm_config_nodedir && fs.existsSync(headers)) env.npm_config_nodedir = path.resolve(prefix);
  // And no binaries that somebody else built.
  env.npm_config_build_from_source = 'true';
  process.stderr.write('installing the tools to measure beside\n');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: HERE,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0) return;
  const now = new Date();
  fs.utimesSync(path.join(HERE, 'node_modules', '.package-lock.json'), now, now);
}

/** Loads in a process of its own: a broken addon may end it. */
function works(name) {
  const probe = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(name)})`], { cwd: HERE });
  return probe.status === 0;
}

/** Which peers can be used here, by name. */
function available() {
  install();
  const found = {};
  for (const name of NAMES) found[name] = works(name);
  return found;
}

module.exports = { available };
