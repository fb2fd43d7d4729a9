'use strict';

// Fetches the Node versions that the tests run on. Each is the plain binary that npm carries as node-<platform>-<arch>,
// unpacked to .cache/nodes/<version>/bin/node, or below LEAKWATCH_NODE_CACHE.
//
//   node __test__/tools/nodes.js [version ...]     fetches these, or all of them, and prints their paths

const fs = require('fs');
const os = require('os');
const path = require('path');
const { execFile, spawnSync } = require('child_process');

/** The first and the last of what is supported, the releases in between, and the ones that known leaks came and went with. */
const VERSIONS = ['12.15.0', '12.22.12', '14.20.0', '16.17.0', '18.20.8', '20.20.2', '22.23.0', '24.21.0', '26.10.0'];

const WINDOWS = process.platform === 'win32';
const BINARY = WINDOWS ? 'node.exe' : 'node';
const PACKAGED = new Set(['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win-x64', 'win-arm64']);

function cacheFolder() {
  return process.env.LEAKWATCH_NODE_CACHE || path.join(__dirname, '..', '..', '.cache', 'nodes');
}

function packageName() {
  const system = `${WINDOWS ? 'win' : process.platform}-${process.arch}`;
  if (!PACKAGED.has(system)) throw new Error(`npm carries no Node binary for ${system}`);
  return `node-${system}`;
}

function binaryPath(version) {
  return path.join(cacheFolder(), version, 'bin', BINARY);
}

function run(command, args, options) {
  return new Promise((resolve, reject) => {
    // npm is a batch file on Windows, and those start through a shell alone.
    execFile(command, args, Object.assign({ shell: WINDOWS }, options), (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (error.code === 'ENOENT') reject(new Error(`${command} is not installed`));
      else reject(new Error(`${command} ${args.join(' ')} failed: ${stderr.trim().split('\n').slice(-5).join('\n') || error.message}`));
    });
  });
}

async function unpack(version, folder) {
  const spec = `${packageName()}@${version}`;
  await run('npm', ['pack', spec, '--loglevel=error'], { cwd: folder });
  const tarball = fs.readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (!tarball) throw new Error(`npm pack ${spec} left no tarball`);
  await run('tar', ['-xzf', tarball, `package/bin/${BINARY}`], { cwd: folder });
  const binary = path.join(folder, 'package', 'bin', BINARY);
  const { stdout, error } = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  if (error) throw new Error(`the binary from ${spec} does not run here: ${error.message}`);
  if (stdout.trim() !== `v${version}`) throw new Error(`${spec} holds Node ${stdout.trim()}`);
}

function publish(from, to) {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    // Another process may have been faster; what it published is as good.
    if (!['EEXIST', 'ENOTEMPTY', 'EPERM'].includes(error.code) || !fs.existsSync(to)) throw error;
  }
}

function removeFolder(folder) {
  // rmSync came with Node 14.14, and recursive rmdirSync left with Node 16.
  if (fs.rmSync) fs.rmSync(folder, { recursive: true, force: true });
  else fs.rmdirSync(folder, { recursive: true });
}

const fetching = new Map();

async function fetch(version) {
  const binary = binaryPath(version);
  if (fs.existsSync(binary)) return binary;
  fs.mkdirSync(cacheFolder(), { recursive: true });
  // In the cache itself, so that the rename stays within one file system; a version is there whole or not at all.
  const folder = fs.mkdtempSync(path.join(cacheFolder(), '.fetching-'));
  try {
    await unpack(version, folder);
    publish(path.join(folder, 'package'), path.join(cacheFolder(), version));
  } finally {
    removeFolder(folder);
  }
  return binary;
}

/** The path of this version's binary, which is fetched unless it is in the cache. Resolves once for callers at the same time. */
function ensure(version) {
  if (!/^\d+\.\d+\.\d+$/.test(version)) return Promise.reject(new Error(`not a Node version: ${version}`));
  if (!fetching.has(version)) {
    const fetched = fetch(version);
    fetching.set(version, fetched);
    fetched.catch(() => fetching.delete(version));
  }
  return fetching.get(version);
}

async function main(versions) {
  for (const version of versions.length > 0 ? versions : VERSIONS) {
    process.stdout.write(`${await ensure(version)}${os.EOL}`);
  }
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error) => {
    process.stderr.write(`nodes: ${error.message}\n`);
    process.exitCode = 1;
  });
}

module.exports = { VERSIONS, ensure, binaryPath };
