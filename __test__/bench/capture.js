'use strict';
// promises.capture() beside promises.writeSnapshot(), both in copies of the process, in turns on one heap that leaks: pause,
// whole time, bytes of the result, memory of the copy, and whether both name the same suspects.

const { run, withFolder } = require('./support/child');
const { median } = require('./support/statistics');
const { number } = require('./support/table');

const HEAPS = [50, 300];

const middle = (results, what) => median(results.map((result) => result[what]));

async function bench({ log }) {
  return withFolder(async (folder) => {
    const head = ['heap', 'pause, ms', 'whole, s', 'result, kB', 'copy, MB'];
    const result = { tables: [{ head, rows: [] }], targets: [], notes: [] };
    for (const megabytes of HEAPS) {
      log(`a heap of ${megabytes} MB`);
      const env = { LEAKWATCH_NICENESS: '0' };
      const found = await run('capture', { bytes: megabytes * 1e6, folder }, { flags: ['--max-old-space-size=4096'], env });
      for (const [name, results] of [['file', found.files], ['capture', found.captures]]) {
        result.tables[0].rows.push([
          `${megabytes} MB, ${number(found.nodes / 1e6)} M nodes: ${name}`,
          number(middle(results, 'pauseMs')),
          number(middle(results, 'ms') / 1e3),
          number(middle(results, 'bytes') / 1e3, 0),
          number(middle(results, 'memory') / 1e6, 0),
        ]);
      }
      const same = found.ofFiles[0] === found.ofCaptures[0];
      result.notes.push(`${megabytes} MB: first suspect of files and captures ${same ? 'the same' : 'differ'}: ${found.ofFiles[0]}; ${found.ofCaptures[0]}`);
      result.notes.push(`${megabytes} MB: by shape alone: ${found.byShape[0]}; diff() of the three files took ${number(found.diffMs / 1e3)} s more`);
    }
    return result;
  });
}

module.exports = { title: 'Captures without a file, beside files', bench };
