'use strict';
// Scripts in processes of their own, with what their tests share at hand.

const assert = require('assert');
const { spawn } = require('child_process');
const path = require('path');

const FOLDER = path.join(__dirname, '..');
const ROOT = path.join(FOLDER, '..', '..');

const PRELUDE = `'use strict';
const assert = require('assert');
const ROOT = ${JSON.stringify(ROOT)};
const leakwatch = require(ROOT);
const prometheus = require(ROOT + '/prometheus');
const opentelemetry = require(ROOT + '/opentelemetry');
/** Full GCs with growth between, up to a sure leak. */
function leak(rounds = 30) {
  const kept = [];
  for (let i = 0; i < rounds; i++) { kept.push(new Array(1e5).fill(i + 0.5)); leakwatch.tick(); }
  return kept;
}
/** The samples of a scrape, by name with labels. */
function parse(text) {
  const found = {};
  for (const line of text.split('\\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const at = line.lastIndexOf(' ');
    assert.ok(!(line.slice(0, at) in found), 'twice: ' + line);
    found[line.slice(0, at)] = Number(line.slice(at + 1));
  }
  return found;
}
(async () => {
`;

/** Runs `script` in a folder (default: this one, where the packages are); it must end well. */
function passes(script, { env = {}, cwd = FOLDER, args = [] } = {}) {
  const child = spawn(process.execPath, [...args, '-e', `${PRELUDE}${script}\n})().catch((error) => { console.error(error); process.exit(1); });`], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      try {
        assert.deepStrictEqual({ code, signal }, { code: 0, signal: null }, output);
        resolve(output);
      } catch (error) {
        reject(error);
      }
    });
  });
}

module.exports = { FOLDER, ROOT, passes };
