'use strict';
// Pages and results that commands and reporters write: whole under their name, or what was there before.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { ROOT, files, folder, mounted, needsMounts, passes, run, text } = require('./helper');

const WRITE = `const { writeWhole } = require(${text(path.join(ROOT, 'lib', 'whole-file.js'))});`;
const BEFORE = 'the report of yesterday\n';

function written(t) {
  const file = path.join(folder(t), 'report.html');
  fs.writeFileSync(file, BEFORE);
  return file;
}

test('kill -9 in the middle: what was there before stays, and the next one is whole', async (t) => {
  const file = written(t);
  const kill = "fs.renameSync = () => process.kill(process.pid, 'SIGKILL');";
  const { signal } = await run(`${WRITE} ${kill} writeWhole(${text(file)}, 'x'.repeat(1e6));`);
  assert.strictEqual(signal, 'SIGKILL');
  assert.strictEqual(fs.readFileSync(file, 'utf8'), BEFORE);
  await passes(`${WRITE} writeWhole(${text(file)}, 'x'.repeat(1e6));`);
  assert.strictEqual(fs.statSync(file).size, 1e6);
});

test('a full disk: the error is the system’s, what was there stays, nothing is left over', needsMounts, async (t) => {
  const disk = folder(t);
  await passes(`
    ${WRITE}
    const disk = ${text(disk)}, file = path.join(disk, 'report.html');
    writeWhole(file, ${text(BEFORE)});
    assert.throws(() => writeWhole(file, 'x'.repeat(1e6)), { code: 'ENOSPC' });
    assert.strictEqual(fs.readFileSync(file, 'utf8'), ${text(BEFORE)});
    assert.deepStrictEqual(fs.readdirSync(disk), ['report.html']);
  `, { wrap: mounted(`mount -t tmpfs -o size=64k tmpfs '${disk}'`) });
});

test('the command says which file it could not write, and ends with 2', needsMounts, async (t) => {
  const disk = folder(t);
  const source = path.join(folder(t), 'history.json');
  await passes(`for (let i = 0; i < 3; i++) leakwatch.tick(); fs.writeFileSync(${text(source)}, JSON.stringify(leakwatch.history()));`);
  const out = path.join(disk, 'page.html');
  const cli = path.join(ROOT, 'lib', 'cli.js');
  const script = `
    const { status, stderr } = require('child_process').spawnSync(process.execPath, [${text(cli)}, 'report', '--history', ${text(source)}, '-o', ${text(out)}], { encoding: 'utf8' });
    assert.strictEqual(status, 2);
    assert.match(stderr, /ENOSPC/);
    assert.deepStrictEqual(fs.readdirSync(${text(disk)}), []);`;
  await passes(script, { wrap: mounted(`mount -t tmpfs -o size=4k tmpfs '${disk}'`) });
});

test('mode, links, pipes and folders that take no new file', async (t) => {
  const where = folder(t);
  const at = (name) => path.join(where, name);
  await passes(`
    ${WRITE}
    process.umask(0o022);
    writeWhole(${text(at('private'))}, 'a', 0o600);
    assert.strictEqual(fs.statSync(${text(at('private'))}).mode & 0o777, 0o600);
    writeWhole(${text(at('open'))}, 'a');
    assert.strictEqual(fs.statSync(${text(at('open'))}).mode & 0o777, 0o644);
    fs.symlinkSync('open', ${text(at('link'))});
    writeWhole(${text(at('link'))}, 'b');
    assert.ok(fs.lstatSync(${text(at('link'))}).isSymbolicLink());
    assert.strictEqual(fs.readFileSync(${text(at('open'))}, 'utf8'), 'b');
    writeWhole('/dev/null', 'c');
    assert.ok(fs.statSync('/dev/null').isCharacterDevice());
    assert.throws(() => writeWhole(${text(at('nowhere/file'))}, 'd'), { code: 'ENOENT' });
  `);
  assert.deepStrictEqual(files(where).sort(), ['link', 'open', 'private']);
});
