// Runs every leaking program on a Node binary and checks that the first suspect names the leak.
//
//   node check.mjs <engine binary> <node binary> [<kind>…]
//
// Programs that need what the Node under test does not have are skipped. Exits with 1 where a leak is not named.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const expected = {
  map: ['map', 'Session'], set: ['set', 'Session'], array: ['array', 'Object {message}'], dictionary: ['dictionary', 'Session'],
  emitter: ['listeners', 'onConfig'], closure: ['closure-chain'], promise: ['promise-chain'], pending: ['listeners'],
  timer: ['timer', 'Timeout'], abort: ['abort-listeners'], als: ['async-local-storage'], registry: ['finalization-registry'],
  buffer: ['buffer', 'Buffer'], slice: ['sliced-string'], linked: ['linked-list'], weakmap: ['array'],
  module: ['module-cache', 'Module'], vm: ['vm-context'], context: ['closure-chain'], generator: ['v8-internal'],
  asyncgen: ['async-generator', 'stream'], string: ['array', 'strings'], connect: ['listeners'],
};
// The store's symbol has no name in snapshots of Node 14: the timers that keep it are named.
const alsoRight = { als: 'timer' };
const programs = path.join(path.dirname(fileURLToPath(import.meta.url)), 'programs.js');
const [engine, node, ...kinds] = process.argv.slice(2);
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-leaks-'));
let failures = 0;
for (const kind of kinds.length ? kinds : Object.keys(expected)) {
  const { status } = spawnSync(node, [programs, kind, directory]);
  if (status !== 0) { console.log(`skipped ${kind}`); continue; }
  const files = [1, 2, 3].map((index) => path.join(directory, `${kind}-${index}.heapsnapshot`));
  const { diff } = JSON.parse(execFileSync(engine, ['json', ...files], { maxBuffer: 2 ** 28 }));
  files.forEach((file) => fs.unlinkSync(file));
  const [first] = diff.suspects;
  const [wantedKind, wantedName] = expected[kind];
  const names = (suspect) => suspect && [wantedKind, alsoRight[kind]].includes(suspect.kind) && (!wantedName || suspect.name === wantedName);
  // On Node 16.11 to 20 each compiled module also leaks through importModuleDynamically, which is more.
  const named = names(first) || (kind === 'module' && diff.suspects.slice(0, 3).some(names));
  console.log(`${named ? 'named  ' : 'MISSED '} ${kind}: ${first ? first.sentence : 'no suspect'}`);
  if (!named) failures++;
}
fs.rmSync(directory, { recursive: true });
process.exitCode = failures ? 1 : 0;
