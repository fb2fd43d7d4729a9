'use strict';

// The table of jestjs/jest#11956, made anew: what one worker holds after so many test files, on two versions of Node.
//
//   node __test__/bench/jest-story/run.js [files] [version ...]

const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawnSync } = require('child_process');
const nodes = require('../../tools/nodes');
const { install } = require('../../../scripts/setup');
const { create } = require('./project');

const MARKS = [30, 60, 95];
/** Files after which the cause is plain. */
const CAUSE_FILES = 40;

async function measure(version, files, options) {
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'leakwatch-story-'));
  try {
    const config = create(folder, files, options);
    const jest = path.join(__dirname, 'node_modules', 'jest', 'bin', 'jest.js');
    const { status, stderr } = spawnSync(await nodes.ensure(version), [jest, '-i', '--config', config], { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (status !== 0) throw new Error(`Jest on Node ${version} ended with ${status}:\n${stderr}`);
    return { ...JSON.parse(fs.readFileSync(path.join(folder, 'leakwatch.json'), 'utf8')), text: stderr };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function main([files = '95', ...given]) {
  install(__dirname);
  const versions = given.length > 0 ? given : ['14.20.0', '16.17.0'];
  const results = [];
  for (const version of versions) {
    // A snapshot empties V8's caches, so the figures come from a run without one…
    const { workers: [worker], verdict } = await measure(version, Number(files), { capture: false });
    const { rows } = worker;
    const marks = MARKS.filter((mark) => mark <= rows.length);
    const held = marks.map((mark) => [`${mark} files`, `${(rows[mark - 1].after.heapUsed / 2 ** 20).toFixed(0)} MiB`]);
    results.push({ node: version, ...Object.fromEntries(held), verdict });
  }
  console.table(results);
  // …and the cause from one with.
  const { text } = await measure(versions[versions.length - 1], CAUSE_FILES);
  process.stdout.write(text.slice(text.indexOf('  trend:')));
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
