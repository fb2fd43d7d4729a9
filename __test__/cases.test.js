'use strict';

// Runs every leak and every control as a program of its own and compares its verdict with what it really is: forced baselines
// for all of them, natural ones for those that allocate enough. A case that names versions runs on each of these.

const fs = require('fs');
const path = require('path');
const { execFile } = require('child_process');
const { test, describe, it, before } = require('node:test');
const assert = require('node:assert');

const nodes = require('./tools/nodes');
const packages = require('./tools/case-packages');
const { leaksOn, satisfies } = require('./cases/driver');

// Only so that a program that hangs ends some day.
const HANGS_AFTER_MS = 5 * 60 * 1000;
const PARALLEL = 2;

const FOLDER = path.join(__dirname, 'cases');

function load(kind) {
  const names = fs.readdirSync(path.join(FOLDER, kind)).filter((name) => name.endsWith('.js')).sort();
  return names.map((name) => {
    const file = path.join(FOLDER, kind, name);
    return Object.assign({ file }, require(file));
  });
}

function run(node, file, args) {
  return new Promise((resolve, reject) => {
    execFile(node, [file, '--json', ...args], { timeout: HANGS_AFTER_MS, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${path.basename(file)} on ${node} failed: ${error.message}\n${stderr}`));
      else resolve(JSON.parse(stdout));
    });
  });
}

async function check(each, version, args) {
  const node = version === process.versions.node ? process.execPath : await nodes.ensure(version);
  const result = await run(node, each.file, args);
  const seen = `${result.reason}\n${JSON.stringify(result.perTick)} per baseline, over ${result.baselines} baselines on Node ${version}`;
  if (leaksOn(each, version)) assert.strictEqual(result.verdict, 'leaking', seen);
  else assert.notStrictEqual(result.verdict, 'leaking', seen);
}

function declare(each, version, mode) {
  const args = mode === 'natural' ? ['--natural'] : [];
  const named = each.versions ? ` on Node ${version}` : '';
  const runs = satisfies(version, each.node);
  const skip = runs ? false : `not applicable on Node ${version}: needs ${each.node}`;
  it(`${each.name}${named}, ${mode} baselines`, { skip }, () => check(each, version, args));
}

function declareAll(cases) {
  for (const each of cases) {
    for (const version of each.versions || [process.versions.node]) {
      declare(each, version, 'forced');
      if (each.natural) declare(each, version, 'natural');
    }
  }
}

const leaks = load('leaks');
const controls = load('controls');

before(() => packages.ensure());

describe('what leaks is called leaking', { concurrency: PARALLEL }, () => declareAll(leaks));

describe('what does not leak is not called leaking', { concurrency: PARALLEL }, () => declareAll(controls));

test('every case says what it is', () => {
  for (const each of [...leaks, ...controls]) {
    assert.ok(each.name && typeof (each.round || each.judge) === 'function', each.file);
    assert.ok(['heap', 'external', 'contexts'].includes(each.channel), each.file);
    assert.strictEqual(each.leaks !== false, leaks.includes(each), `${each.file} is in the wrong folder`);
  }
});
