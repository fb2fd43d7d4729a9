'use strict';
// prometheus and promtool: from the PATH, else out of Debian's package, unpacked below .cache and never installed, so that
// no service comes with it.

const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const CACHE = path.join(__dirname, '..', '..', '..', '.cache', 'prometheus');
const NAMES = ['prometheus', 'promtool'];

function works(file) {
  return spawnSync(file, ['--version']).status === 0;
}

function run(command, args) {
  const { error, status, stderr } = spawnSync(command, args, { cwd: CACHE, encoding: 'utf8' });
  if (error) return error.message;
  return status === 0 ? null : stderr.trim().split('\n').slice(-3).join('; ');
}

/** Fetches Debian's package; null, or why it cannot be had. */
function fetch() {
  fs.mkdirSync(CACHE, { recursive: true });
  let why = run('apt-get', ['download', 'prometheus']);
  // Lists of packages are missing or old in fresh containers; to bring them up to date takes root.
  if (why && run('apt-get', ['update']) === null) why = run('apt-get', ['download', 'prometheus']);
  if (why) return why;
  const [file] = fs.readdirSync(CACHE).filter((name) => name.endsWith('.deb'));
  return run('dpkg', ['-x', file, 'unpacked']);
}

let found;

/** `{prometheus, promtool}`: paths of binaries that run here. */
function binaries() {
  if (found) return found;
  if (NAMES.every(works)) {
    found = { prometheus: 'prometheus', promtool: 'promtool' };
    return found;
  }
  const folder = path.join(CACHE, 'unpacked', 'usr', 'bin');
  const cached = { prometheus: path.join(folder, 'prometheus'), promtool: path.join(folder, 'promtool') };
  const all = () => NAMES.every((name) => works(cached[name]));
  const why = all() ? null : fetch();
  if (!all()) {
    throw new Error(
      `these tests need prometheus and promtool on the PATH: on Debian and Ubuntu "apt-get install prometheus", elsewhere ` +
        `from prometheus.io/download. They could not be fetched from the system's packages either: ${why || 'they do not run here'}`
    );
  }
  found = cached;
  return found;
}

module.exports = { binaries };
