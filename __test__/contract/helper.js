'use strict';
// What the contract's tests share: folders that go away, snapshots that are
// read back, conditions that are waited for, children in a file system of theirs.

const assert = require('assert');
const { spawn, spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const zlib = require('zlib');

// Tests wait for copies of the process, which would get no turn on a busy machine.
process.env.LEAKWATCH_NICENESS = '0';

const ROOT = path.join(__dirname, '..', '..');
const leakwatch = require(ROOT);
const capabilities = leakwatch.capabilities();

/** Test options that skip, with the reason, what `capabilities()` denies. */
function needs(name) {
  const { native, why } = capabilities[name];
  return native ? {} : { skip: `capabilities() denies ${name}: ${why}` };
}

/** A folder of the test's own. */
function folder(t, where = os.tmpdir()) {
  const made = fs.mkdtempSync(path.join(where, 'leakwatch-test-'));
  t.after(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Runs the test in another working directory. */
function chdir(t, to) {
  const before = process.cwd();
  process.chdir(to);
  t.after(() => process.chdir(before));
}

/** Resolves with the first truthy value; the test runner's limit is the only clock. */
async function until(condition) {
  for (;;) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The event's value; each event is waited for, never guessed at. */
function event(emitter, name) {
  return new Promise((resolve) => emitter.once(name, resolve));
}

/** Expects an error of ours with this code; `more` checks what it says. */
function failsWith(code, more) {
  return (error) => {
    assert.strictEqual(error.code, code, `${error.code}: ${error.message}`);
    assert.ok(error instanceof Error, 'an Error of the caller’s realm');
    assert.ok(error instanceof leakwatch.LeakwatchError, 'a LeakwatchError');
    assert.strictEqual(error.name, 'LeakwatchError');
    assert.ok(!error.message.includes('\0'), 'the message is text');
    assert.ok(error.message.length > 10, error.message);
    if (more) more(error);
    return true;
  };
}

const HUNG = 300000;
const INVALID = 'ERR_LEAKWATCH_INVALID_ARGUMENT';
const refused = (option) =>
  failsWith(INVALID, (error) => {
    if (option) assert.ok(error.message.startsWith(`${option}:`), error.message);
  });

function inflate(bytes) {
  if (bytes.readUInt16BE(0) === 0x1f8b) return zlib.gunzipSync(bytes);
  if (bytes.readUInt32LE(0) === 0xfd2fb528) return unzstd(bytes);
  return bytes;
}

/** Null where neither Node nor the machine can read zstd. */
function unzstd(bytes) {
  if (zlib.zstdDecompressSync) return zlib.zstdDecompressSync(bytes);
  const command = spawnSync('zstd', ['-dcq'], { input: bytes, maxBuffer: 1 << 29 });
  if (command.error) return null;
  assert.strictEqual(command.status, 0, String(command.stderr));
  return command.stdout;
}

const canUnzstd = Boolean(zlib.zstdDecompressSync) || !spawnSync('zstd', ['--version']).error;

/** Reads a snapshot back and checks that it is whole and agrees with itself. */
function readSnapshot(file) {
  const snapshot = JSON.parse(inflate(fs.readFileSync(file)).toString('utf8'));
  const { meta, node_count: nodes, edge_count: edges } = snapshot.snapshot;
  assert.ok(nodes > 1000, `${nodes} nodes`);
  assert.strictEqual(snapshot.nodes.length, nodes * meta.node_fields.length);
  assert.strictEqual(snapshot.edges.length, edges * meta.edge_fields.length);
  assert.strictEqual(snapshot.locations.length % meta.location_fields.length, 0);
  assert.ok(snapshot.strings.length > 1000);
  const name = meta.node_fields.indexOf('name');
  const width = meta.node_fields.length;
  for (let at = name; at < snapshot.nodes.length; at += width) {
    if (!(snapshot.nodes[at] < snapshot.strings.length)) assert.fail(`node ${at} names no string`);
  }
  return snapshot;
}

/** Expects that a failed call left nothing behind, hidden or not. */
function assertEmpty(directory) {
  assert.deepStrictEqual(fs.readdirSync(directory), []);
}

/**
 * Runs `script` in a child with `leakwatch`, `assert`, `fs` and `path` at hand.
 * The result is `{code, signal, stdout, stderr}`.
 */
function run(script, { args = [], env = {}, node = process.execPath, wrap, cwd, onSpawn } = {}) {
  const prelude = `'use strict';
const assert = require('assert'), fs = require('fs'), path = require('path');
const ROOT = ${JSON.stringify(ROOT)};
const leakwatch = require(ROOT);
`;
  const command = [node, ...args, '-e', prelude + script];
  const [file, ...rest] = wrap ? wrap(command) : command;
  const child = spawn(file, rest, { env: { ...process.env, ...env }, cwd, stdio: ['pipe', 'pipe', 'pipe', 'ipc'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  if (onSpawn) onSpawn(child);
  return new Promise((resolve, reject) => {
    // Far above what any of them takes: a child that waits for ever must fail its test, not stop all others.
    const hung = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the child did not end within ${HUNG} ms: ${stderr}${stdout}`));
    }, HUNG);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(hung);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/** As `run`, and the child must end well. */
async function passes(script, options) {
  const result = await run(script, options);
  assert.deepStrictEqual(
    { code: result.code, signal: result.signal },
    { code: 0, signal: null },
    result.stderr + result.stdout
  );
  return result;
}

const quote = (text) => `'${text.replace(/'/g, `'\\''`)}'`;

/** Runs a child in a mount namespace in which these shell commands have run. */
function mounted(...commands) {
  return (command) => [
    'unshare', '-rm', 'sh', '-c', [...commands, `exec ${command.map(quote).join(' ')}`].join(' && '),
  ];
}

const namespaces = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', os.tmpdir()]);
/** Test options that skip where no mount namespace is to be had. */
const needsMounts =
  namespaces.status === 0 ? {} : { skip: `no mount namespaces here: ${namespaces.error || namespaces.stderr}` };

module.exports = {
  INVALID, ROOT, assertEmpty, canUnzstd, capabilities, chdir, event, failsWith, folder,
  leakwatch, mounted, needs, needsMounts, passes, quote, readSnapshot, refused, run, until,
};
