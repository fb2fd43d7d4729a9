'use strict';

// What `redact: true` leaves in a snapshot: nothing that strings, sources, expressions or numbers say, and everything that
// the analysis needs. The program plants secrets wherever V8 keeps text.

const fs = require('fs');
const path = require('path');
const zlib = require('zlib');
const { test } = require('node:test');
const assert = require('node:assert');
const { execFileSync } = require('child_process');

const { ROOT, failsWith, folder, leakwatch } = require('./helper');

const CLI = path.join(ROOT, 'lib', 'cli.js');

/** Writes three snapshots, plain and redacted, of a program with a leak and with secrets of all kinds. */
const PROGRAM = `
  const leakwatch = require(${JSON.stringify(ROOT)});
  const [directory] = process.argv.slice(1);
  // Made at run time, so that the source of this program does not hold it.
  const secret = (what) => ['planted', what, 'secret'].join('-');
  class Account { constructor(id) { this.id = id; this.token = secret('value') + id; } }
  const accounts = new Map();
  const kept = {
    flat: secret('flat'),
    rope: secret('rope-left') + ' '.repeat(20) + secret('rope-right'),
    slice: (secret('slice') + 'x'.repeat(100)).slice(2, 60),
    wide: secret('wide') + ' \\u4f60\\u597d',
    quoted: '"' + secret('quoted') + '\\\\"\\n',
    template: \`\${secret('template')} in a template\`,
    pattern: new RegExp(secret('pattern') + '+'),
    symbol: Symbol(secret('symbol')),
    number: 4111111111111111,
    float: 1234.56789,
    big: BigInt('98765432109876543210'),
    code: new Function('return "' + secret('source') + '"'),
    url: new URL('http://localhost/?' + secret('url')),
    error: new Error(secret('error')),
    buffer: Buffer.from(secret('buffer')),
    weak: new WeakMap(),
  };
  kept.key = { name: secret('weak-key') };
  kept.weak.set(kept.key, secret('weak-value'));
  process.env.LEAKWATCH_TEST_SECRET = secret('environment');
  const numbers = process.argv[2] === 'numbers';
  (async () => {
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 500; i++) accounts.set(accounts.size, new Account(i));
      const options = { force: true, exposeNumericValues: numbers };
      await leakwatch.promises.writeSnapshot(directory + '/' + round + '.heapsnapshot', options);
      await leakwatch.promises.writeSnapshot(directory + '/redacted-' + round + '.heapsnapshot', { ...options, redact: true });
    }
    leakwatch.writeSnapshot(directory + '/sync.heapsnapshot', { redact: true, compress: 'gzip', force: true });
    globalThis.kept = kept;
  })();
`;

function take(t, ...args) {
  const directory = folder(t);
  execFileSync(process.execPath, ['-e', PROGRAM, directory, ...args], { env: process.env });
  const files = (prefix) => [0, 1, 2].map((round) => path.join(directory, `${prefix}${round}.heapsnapshot`));
  return { directory, plain: files(''), redacted: files('redacted-') };
}

const SECRET = /planted-[a-z-]+-secret/g;
const secretsIn = (text) => Array.from(new Set(text.match(SECRET) || [])).sort();

/** All of a result but what strings say and where files are. */
function shape(diff) {
  const suspects = diff.suspects.map(({ kind, name, countBefore, countAfter, growthBytes, fingerprint, location, path: steps }) => ({
    kind, name, countBefore, countAfter, growthBytes, fingerprint, location,
    steps: steps.map(({ edge, type, location: at }) => ({ edge, type, location: at })),
  }));
  const classes = diff.classes.map((row) => ({ ...row }));
  const files = diff.files.map(({ nodes, edges, totalBytes }) => ({ nodes, edges, totalBytes }));
  return { suspects, classes, files, sameProcess: diff.sameProcess };
}

test('no secret is left, and the diff is the same', async (t) => {
  const { directory, plain, redacted } = take(t, 'numbers');
  const open = fs.readFileSync(plain[2], 'utf8');
  assert.ok(secretsIn(open).length >= 12, 'the secrets are there to be found');
  const numericValues = Number(process.versions.node.split('.')[0]) >= 18;
  if (numericValues) assert.match(open, /4111111111111111/);
  for (const file of redacted) {
    const text = fs.readFileSync(file, 'utf8');
    assert.deepStrictEqual(secretsIn(text), []);
    assert.doesNotMatch(text, /4111111111111111|1234\.56789|98765432109876543210|new Function/);
    assert.match(text, /<string 16-31>/);
    assert.match(text, /"Account"/);
    assert.doesNotThrow(() => JSON.parse(text));
  }
  // The same file redacted afterwards has the same text: there is one way to do it.
  const after = path.join(directory, 'after.heapsnapshot');
  execFileSync(process.execPath, [CLI, 'redact', plain[2], after], { stdio: 'pipe' });
  assert.ok(!/planted/.test(fs.readFileSync(after, 'utf8')));
  const gzip = zlib.gunzipSync(fs.readFileSync(path.join(directory, 'sync.heapsnapshot.gz'))).toString('utf8');
  assert.deepStrictEqual(secretsIn(gzip), []);
  // Redacting changes no answer.
  const copies = plain.map((file, index) => {
    const copy = path.join(directory, `copy-${index}.heapsnapshot`);
    execFileSync(process.execPath, [CLI, 'redact', file, copy], { stdio: 'pipe' });
    return copy;
  });
  const [before, then] = [shape(await leakwatch.diff(plain)), shape(await leakwatch.diff(copies))];
  assert.deepStrictEqual(then, before);
  const [first] = (await leakwatch.diff(redacted)).suspects;
  assert.strictEqual(first.name, 'Account');
  assert.strictEqual(first.kind, 'map');
});

test('a redacted snapshot is whole or not there', async (t) => {
  const directory = folder(t);
  const target = path.join(directory, 'a.heapsnapshot');
  const abort = new AbortController();
  const given = { redact: true, force: true, signal: abort.signal, onProgress: ({ phase }) => phase === 'write' && abort.abort() };
  await assert.rejects(leakwatch.promises.writeSnapshot(target, given), failsWith('ERR_LEAKWATCH_ABORTED'));
  assert.deepStrictEqual(fs.readdirSync(directory), []);
});

test('what is no snapshot is not redacted, and nothing is left behind', (t) => {
  const directory = folder(t);
  const input = path.join(directory, 'in');
  const run = (text) => {
    fs.writeFileSync(input, text);
    try {
      execFileSync(process.execPath, [CLI, 'redact', input, path.join(directory, 'out')], { stdio: 'pipe' });
    } catch (error) {
      return { code: error.status, text: error.stderr.toString() };
    }
    return { code: 0 };
  };
  const meta =
    '"meta":{"node_fields":["type","name","id","self_size","edge_count"],"node_types":[["object"]],' +
    '"edge_fields":["type","name_or_index","to_node"],"edge_types":[["property"]]}';
  for (const [text, why] of [
    ['hello', /not a V8 heap snapshot/],
    ['{"a":1}', /not a V8 heap snapshot/],
    [JSON.stringify({ name: 'something', snapshot: {} }, null, 2), /not a V8 heap snapshot/],
    ['{ "snap', /ends at byte/],
    [`{"snapshot":{${meta}},"nodes":[0,0,1,1,0],"strings":["secret"]}`, /damaged|order/],
    [`{"snapshot":{${meta}},"nodes":[0,0,1,1,0],"notes":["secret"],"edges":[],"strings":["a"]}`, /damaged/],
    [`{"snapshot":{${meta}},"nodes":[0,0,1,1,0],"edges":[],"strings":["a"`, /ends at byte/],
    [`{"snapshot":{${meta}},"nodes":[0,0,1,1],"edges":[],"strings":["a"]}`, /damaged/],
  ]) {
    const { code, text: told } = run(text);
    assert.strictEqual(code, 2, text);
    assert.match(told, why, text);
    assert.deepStrictEqual(fs.readdirSync(directory), ['in']);
  }
  assert.strictEqual(run(`{"snapshot":{${meta}},"nodes":[0,0,1,1,0],"edges":[],"strings":["a"]}`).code, 0);
});
