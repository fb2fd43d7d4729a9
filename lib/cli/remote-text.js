'use strict';
// What a running process answered, as text. Pure.

const path = require('path');
const { bytes, duration, wrap } = require('./format');

/** `name  value` lines, the values in one column. */
function rows(pairs) {
  const given = pairs.filter(([, value]) => value !== undefined && value !== null);
  const width = Math.max(...given.map(([name]) => name.length));
  return given.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}

function status(s) {
  const { verdict, reason } = s.trend;
  return [
    `${s.pid}${s.thread ? `, thread ${s.thread}` : ''}: ${s.script || s.title}`,
    ...rows([
      ['running', `${duration(s.uptimeMs)}, Node ${s.node.slice(1)}, leakwatch ${s.leakwatch}${s.native ? '' : ' (fallback)'}`],
      ['watching', s.watching ? `yes, ${s.baselines} baselines` : 'no'],
      ['heap', `${bytes(s.heapUsed)} in use, limit ${bytes(s.heapSizeLimit)}`],
      ['external', bytes(s.external)],
      ['rss', bytes(s.rss)],
      ['contexts', s.nativeContexts],
      ['last baseline', s.last && `${bytes(s.last.heapUsed)}${s.last.label ? ` (${s.last.label})` : ''}`],
      ['threads', s.threads.length > 1 ? s.threads.join(', ') : null],
    ]),
    ...wrap(`${verdict}: ${reason}`),
  ];
}

function list(processes) {
  if (processes.length === 0) return ['no process of yours has a control socket; start one with LEAKWATCH_CONTROL=1'];
  const lines = processes.map((each) => {
    if (each.error) return [String(each.pid), '', '', '', each.error.message];
    const script = each.script ? path.relative(each.cwd, each.script) : each.title;
    return [String(each.pid), duration(each.uptimeMs), bytes(each.heapUsed), each.trend.verdict, script];
  });
  const table = [['pid', 'up', 'heap', 'verdict', 'program'], ...lines];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column].length)));
  return table.map((row) => row.map((cell, column) => (column < 4 ? cell.padEnd(widths[column]) : cell)).join('  '));
}

function baseline(b) {
  return rows([
    ['heap', bytes(b.heapUsed)],
    ['external', bytes(b.external)],
    ['array buffers', b.arrayBuffers === null ? null : bytes(b.arrayBuffers)],
    ['rss', bytes(b.rss)],
    ['contexts', b.nativeContexts === null ? null : `${b.nativeContexts}, ${b.detachedContexts} detached`],
    ['full GC', `${b.gcMs.toFixed(1)} ms`],
    ['number', `${b.index}${b.label ? ` (${b.label})` : ''}`],
  ]);
}

function snapshot({ path: file, bytes: size, mode, pauseMs, totalMs }) {
  return [file, `${bytes(size)}, ${mode}: the thread stood still for ${duration(pauseMs)} of ${duration(totalMs)}`];
}

module.exports = { baseline, list, snapshot, status };
