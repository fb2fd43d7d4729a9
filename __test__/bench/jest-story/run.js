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

async function measure(version, files) {
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'leakwatch-story-'));
  try {
    const config = create(folder, files);
    const jest = path.join(__dirname, 'node_modules', 'jest', 'bin', 'jest.js');
    const { status, stderr } = spawnSync(await nodes.ensure(version), [jest, '-i', '--config', config], { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (status !== 0) throw new Error(`Jest on Node ${version} ended with ${status}:\n${stderr}`);
    return { ...JSON.parse(fs.readFileSync(path.join(folder, 'leakwatch.json'), 'utf8')), text: stderr };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function main([files = '95', ...versions]) {
  install(__dirname);
  const results = [];
  for (const version of versions.length > 0 ? versions : ['14.20.0', '16.17.0']) {
    const { workers: [worker], verdict, findings, text } = await measure(version, Number(files));
    const rows = worker.rows;
    const at = MARKS.filter((mark) => mark <= rows.length).map((mark) => `${(rows[mark - 1].after.heapUsed / 2 ** 20).toFixed(0)} MiB`);
    results.push({ node: version, ...Object.fromEntries(at.map((value, i) => [`${MARKS[i]} files`, value])), verdict, findings: findings.length });
    const [, end = text] = /( {2}trend: [^]*)$/.exec(text) || [];
    process.stdout.write(`Node ${version}\n${end}\n`);
  }
  console.table(results);
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
