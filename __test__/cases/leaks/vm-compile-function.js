'use strict';

// A loader compiles modules with vm.compileFunction and hands it importModuleDynamically, as test runners and bundlers do.
// From Node 16.11 on that callback kept each compiled function for ever; what came out of it in turn keeps its source.

const vm = require('vm');

const MODULES_PER_ROUND = 5;

let compiled = 0;

function source(number) {
  const lines = [];
  for (let i = 0; i < 60; i += 1) lines.push(`exports.step${i} = (state) => state + ${i} + ${number};`);
  return lines.join('\n');
}

function load() {
  compiled += 1;
  const exported = {};
  const main = vm.compileFunction(source(compiled), ['exports'], {
    filename: `module${compiled}.js`,
    importModuleDynamically: () => Promise.reject(new Error('no import() here')),
  });
  main(exported);
  return exported.step1(1);
}

module.exports = {
  name: 'functions compiled with importModuleDynamically',
  leaks: 'by version',
  leaksOn: '>=16.11 <18',
  versions: ['14.20.0', '16.17.0'],
  channel: 'heap',
  rounds: 40,
  round() {
    for (let n = 0; n < MODULES_PER_ROUND; n += 1) load();
  },
};

if (require.main === module) require('../driver').main(module.exports);
