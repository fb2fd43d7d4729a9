'use strict';
// One thing done again and again, on an object or on a guard of it: prints CPU ns for each.
// `node guard.js <none|warn|isolate> <get|nested|call|set>`

const leakwatch = require('../../..');

const [, , mode, what] = process.argv;
const N = 2e6;
const plain = { value: 1, nested: { deeper: { value: 1 } }, handler(x) { return x; } };
const object = mode === 'none' ? plain : leakwatch.guard(plain, { isolate: mode === 'isolate', onFinding() {} });

const WORK = {
  get: (count) => { let sum = 0; for (let i = 0; i < count; i++) sum += object.value; return sum; },
  nested: (count) => { let sum = 0; for (let i = 0; i < count; i++) sum += object.nested.deeper.value; return sum; },
  call: (count) => { let sum = 0; for (let i = 0; i < count; i++) sum += object.handler(i); return sum; },
  set: (count) => { for (let i = 0; i < count; i++) object.value = i; return object.value; },
};

WORK[what](N / 10);
const before = process.cpuUsage();
WORK[what](N);
const { user, system } = process.cpuUsage(before);
process.stdout.write(`${(((user + system) * 1000) / N).toFixed(2)}\n`);
