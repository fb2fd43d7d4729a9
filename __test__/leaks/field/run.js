'use strict';

// Runs one leaking program and takes snapshots of it:
//
//   node run.js <name> <directory> [--snapshots=3] [--rounds=400] [--by=v8]
//
// By default leakwatch takes them, whose snapshots share no object ids; --by=v8 keeps ids.

const path = require('path');
const v8 = require('v8');

const programs = Object.assign({}, ...['collections', 'asynchronous', 'platform', 'packages', 'node-objects', 'services', 'language'].map((file) => require(`./${file}`)));

const option = (name, otherwise) => {
  const found = process.argv.find((arg) => arg.startsWith(`--${name}=`));
  return found ? found.slice(name.length + 3) : otherwise;
};

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function run(name, directory) {
  const program = programs[name];
  const count = Math.max(2, Math.round(Number(option('rounds', 400)) * (program.many || 1)));
  const snapshot =
    option('by', 'leakwatch') === 'v8'
      ? (file) => v8.writeHeapSnapshot(file)
      : (file) => require(process.env.LEAKWATCH_MODULE || '../../..').writeSnapshot(file, { force: true });
  if (program.setup) await program.setup();
  let round = 0;
  const rounds = async () => {
    for (let i = 0; i < count; i++) await program.round(round++);
    for (let i = 0; i < 5; i++) await turn();
  };
  await rounds();
  for (let index = 0; index < Number(option('snapshots', 3)); index++) {
    await rounds();
    snapshot(path.join(directory, `${index}.heapsnapshot`));
  }
  if (program.teardown) program.teardown();
  process.exit(0);
}

if (require.main === module) {
  run(process.argv[2], process.argv[3]).catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  });
}

module.exports = { programs };
