'use strict';
// The core contract on every Node that is supported, natively and with the
// fallback: `node __test__/matrix/run.js [version …]`. One line each.

const { spawn } = require('child_process');
const path = require('path');
const { VERSIONS, ensure } = require('../tools/nodes');

const CORE = path.join(__dirname, 'core.js');
/** Far above what any of them takes: one that hangs must not stop the others. */
const LIMIT_MS = 900000;

function run(node, native) {
  return new Promise((resolve) => {
    const env = Object.assign({}, process.env);
    delete env.NODE_OPTIONS;
    delete env.LEAKWATCH_NATIVE_V8;
    if (!native) env.LEAKWATCH_NATIVE_V8 = 'off';
    const child = spawn(node, [CORE], { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS });
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    child.on('error', (error) => (output += error.message));
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      resolve({ code, signal, output });
    });
  });
}

async function one(version, native) {
  const { code, signal, output } = await run(await ensure(version), native);
  const counts = /^(\d+) passed, (\d+) failed.*$/m.exec(output);
  const text = counts ? counts[0] : `0 passed, 1 failed, ended with ${signal || code}`;
  process.stdout.write(`node ${version.padEnd(8)} ${native ? 'native  ' : 'fallback'} ${text}\n`);
  const ok = code === 0 && counts;
  if (!ok) process.stdout.write(output.replace(/^/gm, '    ').trimEnd() + '\n');
  return { passed: counts ? Number(counts[1]) : 0, failed: ok ? 0 : Math.max(1, counts ? Number(counts[2]) : 1) };
}

async function main(versions) {
  const total = { passed: 0, failed: 0 };
  const queue = [];
  for (const version of versions) for (const native of [true, false]) queue.push([version, native]);
  // Two at a time; lines come as each is done.
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { passed, failed } = await one(...next);
      total.passed += passed;
      total.failed += failed;
    }
  };
  await Promise.all([work(), work()]);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  process.exitCode = total.failed ? 1 : 0;
}

main(process.argv.length > 2 ? process.argv.slice(2) : VERSIONS).catch((error) => {
  process.stderr.write(`matrix: ${error.message}\n`);
  process.exitCode = 1;
});
