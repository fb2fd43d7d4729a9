'use strict';

// Leaks as people make them, with Node's own objects and with well-known packages: each program runs by itself, leakwatch takes
// its snapshots and compares them. Among the first three suspects one must name what piles up or what holds it, and where
// the program says so the first one's sentence and kind must be right.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { execFile } = require('child_process');
const { describe, it } = require('node:test');
const assert = require('node:assert');

const leakwatch = require('../..');
const { satisfies } = require('../cases/driver');
const { programs } = require('./field/run');

// Only so that a program that hangs ends some day.
const HANGS_AFTER_MS = 5 * 60 * 1000;
const RUN = path.join(__dirname, 'field', 'run.js');

function run(name, directory) {
  return new Promise((resolve, reject) => {
    const args = [RUN, name, directory, '--rounds=200'];
    execFile(process.execPath, args, { timeout: HANGS_AFTER_MS, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${name} failed: ${error.message}\n${stderr}`));
      else resolve();
    });
  });
}

const everything = ({ name, sentence, path: steps }) =>
  [sentence, name, ...steps.map(({ edge, node }) => `${edge} ${node}`)].join(' ');

async function check(name) {
  const { names, first, kinds } = programs[name];
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-field-'));
  try {
    await run(name, directory);
    const files = fs.readdirSync(directory).sort();
    const { suspects } = await leakwatch.diff(files.map((file) => path.join(directory, file)));
    const seen = suspects.slice(0, 3).map(({ kind, sentence }) => `[${kind}] ${sentence}`).join('\n');
    const three = suspects.slice(0, 3);
    assert.ok(three.some((suspect) => names.test(everything(suspect))), `not named:\n${seen}`);
    // Two sides of one leak may hold the same and change places.
    const told = three.find(({ kind, sentence }) => first.test(sentence) && (!kinds || kinds.includes(kind)));
    assert.ok(told, seen);
    assert.match(suspects[0].sentence, /^[A-Z\d.'#$_a-z].*\(\+[\d.]+ [kMG]?B, \d+ % of the growth\)(; see .+:\d+:\d+)?\.$/, seen);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

describe('the leak is named', { concurrency: 2 }, () => {
  for (const [name, { node }] of Object.entries(programs)) {
    const skip = satisfies(process.versions.node, node) ? false : `needs Node ${node}`;
    it(name, { skip }, () => check(name));
  }
});
