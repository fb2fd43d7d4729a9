'use strict';

// Jest with its own vm modules, one process for all test files (-i). A round is a test file here, and Jest sets the pace.
// Node 16.17 keeps about 3 MB of each file in V8's compilation cache, because of what vm compiles with importModuleDynamically;
// 14.20 keeps 8 KB, which are Jest's results. Only a GC that leaves the compilation cache alone shows the difference.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawn } = require('child_process');
const project = require('../jest/project');

const JEST = path.join(__dirname, '..', 'node_modules', 'jest', 'bin', 'jest.js');

function jest(config, result) {
  return new Promise((resolve, reject) => {
    const env = Object.assign({}, process.env, { LEAKWATCH_CASE_RESULT: result });
    const child = spawn(process.execPath, [JEST, '-i', '--config', config], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`Jest ended with ${code}:\n${output}`))));
  });
}

module.exports = {
  name: 'test files in Jest',
  leaks: 'by version',
  leaksOn: '>=16.11 <18',
  versions: ['14.20.0', '16.17.0'],
  channel: 'contexts',
  node: '>=14.15',
  packages: true,
  rounds: 60,
  async judge(files) {
    const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'leakwatch-jest-'));
    try {
      const config = project.create(folder, files, [require.resolve('../jest/baseline')]);
      const result = path.join(folder, 'result.json');
      await jest(config, result);
      return JSON.parse(fs.readFileSync(result, 'utf8'));
    } finally {
      fs[fs.rmSync ? 'rmSync' : 'rmdirSync'](folder, { recursive: true });
    }
  },
};

if (require.main === module) require('../driver').main(module.exports);
