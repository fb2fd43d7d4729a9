'use strict';
// The table of a process that has no reporter to tell.

const { judgeWorker } = require('./judge');
const { HEADER, costLine, files, line, names, rowLines } = require('./table');

function hookTable({ title, records, rootDir, costLimit }) {
  const worker = judgeWorker(records, { rootDir });
  const { rows, trend } = worker;
  const lines = [`${title}, ${files(rows.length)}`, line(HEADER), ...rowLines(rows)];
  const staying = rows.filter(({ state }) => state === 'stays').map(({ name }) => name);
  if (staying.length > 0) {
    lines.push(`${files(staying.length)} still in memory: ${names(staying)}; leakwatch/jest-reporter tells what keeps them`);
  }
  const cost = costLine(worker, costLimit);
  if (cost && (worker.skipped > 0 || worker.captureMs > 0)) lines.push(cost);
  lines.push(`${trend.verdict}: ${trend.reason}`, '');
  return lines.join('\n');
}

module.exports = { hookTable };
