'use strict';

// How the command ends: 1 says that suspects were found, so whatever goes wrong must say 2.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawn } = require('child_process');
const { describe, it, before, after } = require('node:test');
const assert = require('node:assert');

const leakwatch = require('../..');

const CLI = path.join(__dirname, '..', '..', 'lib', 'cli.js');

/** Runs the command; `onSpawn` gets the child. */
function command(args, { preload, onSpawn } = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...(preload ? ['--require', preload] : []), CLI, ...args], {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    if (onSpawn) onSpawn(child);
  });
}

describe('the command ends', () => {
  let folder;
  let snapshot;

  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-cli-'));
    snapshot = leakwatch.writeSnapshot(path.join(folder, 'one.heapsnapshot'), { force: true });
  });

  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  const preload = (name, text) => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, text);
    return file;
  };

  it('with 2 and the place of an error that nobody caught', async () => {
    const file = preload('throws.js', "setImmediate(() => { throw new TypeError('a mistake in leakwatch'); });\n");
    const { code, stderr } = await command(['diff', snapshot, snapshot], { preload: file });
    assert.strictEqual(code, 2, stderr);
    assert.match(stderr, /^leakwatch: TypeError: a mistake in leakwatch\n\s+at .*throws\.js:1/);
  });

  it('with 2 when a rejection is not handled', async () => {
    const file = preload('rejects.js', "Promise.reject(new RangeError('lost'));\n");
    const { code, stderr } = await command(['diff', snapshot, snapshot], { preload: file });
    assert.strictEqual(code, 2, stderr);
    assert.match(stderr, /^leakwatch: RangeError: lost/);
  });

  it('with 2 when its own code cannot be loaded', async () => {
    const file = preload('broken.js', `
      const Module = require('module');
      const load = Module._load;
      Module._load = function (request, ...rest) {
        if (request === './cli/main') throw new SyntaxError('Unexpected token');
        return load.call(this, request, ...rest);
      };`);
    const { code, stderr } = await command(['--version'], { preload: file });
    assert.strictEqual(code, 2, stderr);
    assert.match(stderr, /^leakwatch: SyntaxError: Unexpected token/);
  });

  it('with 2 and a hint when it is called wrongly, in words alone', async () => {
    for (const args of [[], ['dif'], ['diff', snapshot], ['diff', snapshot, snapshot, '--top', 'many']]) {
      const { code, stdout, stderr } = await command(args);
      assert.strictEqual(code, 2, stderr);
      assert.strictEqual(stdout, '');
      assert.match(stderr, /^leakwatch: [^\n]+\nleakwatch --help tells more\n$/);
    }
  });

  it('with 2 for an option of another command, or a value it cannot have', async () => {
    const cases = {
      'unknown option --keys': ['summary', '--keys', snapshot],
      'unknown option --min-growth': ['summary', '--min-growth', '5', snapshot],
      'unknown option --json': ['redact', '--json', snapshot, path.join(folder, 'out')],
      "--node-version needs a version like 20.11.0, not 'new'": ['diff', '--node-version', 'new', snapshot, snapshot],
      '--json takes no value': ['summary', '--json=1', snapshot],
      'the name of a file is empty': ['summary', ''],
    };
    for (const [why, args] of Object.entries(cases)) {
      const { code, stdout, stderr } = await command(args);
      assert.deepStrictEqual([code, stdout], [2, ''], stderr);
      assert.ok(stderr.includes(why), stderr);
    }
  });

  it('with 2 before any work where the result could not be written', async () => {
    const nowhere = path.join(folder, 'nowhere', 'out');
    const commands = [
      ['summary', path.join(folder, 'none')],
      ['diff', path.join(folder, 'none'), path.join(folder, 'none')],
      ['report', path.join(folder, 'none')],
    ];
    for (const args of commands) {
      for (const [out, why] of [[nowhere, /-o .*nowhere.out: there is no directory .*nowhere/], [folder, /-o needs a file to write, and .* is a directory/]]) {
        const { code, stderr } = await command([...args, '-o', out]);
        assert.strictEqual(code, 2, stderr);
        assert.match(stderr, why);
      }
    }
  });

  it('with 2 where there is no history', async () => {
    const empty = fs.mkdtempSync(path.join(folder, 'empty-'));
    const begun = path.join(folder, 'empty.jsonl');
    fs.writeFileSync(begun, '');
    for (const where of [empty, begun]) {
      for (const args of [['report', where, '-o', path.join(folder, 'page.html')], ['top', where], ['top', '--once', where]]) {
        const { code, stderr } = await command(args);
        assert.strictEqual(code, 2, stderr);
        assert.match(stderr, /^leakwatch: .*empty.* holds no history: nothing has been recorded there\n/);
      }
    }
  });

  it('with 0 and the commands, however they are asked for', async () => {
    for (const args of [['help'], ['--help'], ['-h'], ['diff', '--help']]) {
      const { code, stdout, stderr } = await command(args);
      assert.deepStrictEqual([code, stderr], [0, '']);
      assert.match(stdout, /^usage: leakwatch <command>/);
      for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
    }
  });

  it('with 2 and the file when that is none', async () => {
    const { code, stderr } = await command(['summary', path.join(folder, 'none')]);
    assert.strictEqual(code, 2);
    assert.match(stderr, /^leakwatch: [^\n]*none[^\n]*\n$/);
  });

  it('with 0 and "No growth" where nothing grew', async () => {
    const { code, stdout, stderr } = await command(['diff', snapshot, snapshot]);
    assert.strictEqual(code, 0, stderr);
    assert.match(stdout, /\n\nThe heap is as large as before: .*\n\nNo growth: /);
  });

  it('quietly when nobody reads on', async () => {
    const { code, signal, stderr } = await command(['summary', '--json', '--top', '100000', snapshot], {
      onSpawn: (child) => child.stdout.destroy(),
    });
    assert.deepStrictEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  });
});
