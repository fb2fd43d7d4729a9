'use strict';

// A clean Jest project of 100 test files, run ten times with the reporter on: there must be no alarm. Every other file does what
// is easily taken for a leak: late timers, failing promises handled late, fake timers, module resets, large data let go.
//
//   node __test__/bench/jest-clean.js [runs] [files] [jest arguments …]

const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawnSync } = require('child_process');
const { ROOT, install } = require('../../scripts/setup');
const { sources } = require('../runners/clean-sources');

const EXAMPLE = path.join(ROOT, 'examples', 'jest');

function main([runs = '10', files = '100', ...args]) {
  install(EXAMPLE);
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'leakwatch-clean-'));
  let alarms = 0;
  try {
    for (const [name, text] of Object.entries(sources(Number(files)))) fs.writeFileSync(path.join(folder, name), text);
    const reporters = [[path.join(ROOT, 'jest-reporter.js'), { failOnLeak: true, json: 'leakwatch.json' }]];
    fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'clean', jest: { testEnvironment: 'node', transform: {}, reporters } }));
    const jest = path.join(EXAMPLE, 'node_modules', 'jest', 'bin', 'jest.js');
    for (let run = 1; run <= Number(runs); run++) {
      const { status, stderr } = spawnSync(process.execPath, [jest, ...args], { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28 });
      const { verdict, workers, findings } = JSON.parse(fs.readFileSync(path.join(folder, 'leakwatch.json'), 'utf8'));
      const share = (each) => `${((100 * each.spentMs) / each.elapsedMs).toFixed(1)} %`;
      const captured = workers.reduce((sum, each) => sum + each.captureMs, 0);
      const why = workers.flatMap(({ captures }) => captures).map(({ when, n, alive }) => ` (at the ${when}, file ${n}, alive ${alive})`).join('');
      process.stdout.write(`run ${run}: ${verdict}, exit ${status}, baselines ${workers.map(share).join(' and ')}, snapshots ${Math.round(captured)} ms${why}\n`);
      if (status !== 0 || findings.length > 0) {
        alarms += 1;
        process.stdout.write(stderr);
      }
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(`${alarms} alarms in ${runs} runs on Node ${process.version}\n`);
  process.exitCode = alarms === 0 ? 0 : 1;
}

main(process.argv.slice(2));
