'use strict';
// What was recorded over time, a process or thread at a time.

const { h, section } = require('./dom');
const { bytes, count, day, clock, duration, signed } = require('./format');
const { draw } = require('./chart');
const { worst } = require('./overview');

const nameOf = (run) => `${run.pid}${run.threadId ? `, thread ${run.threadId}` : ''}`;

const fileName = (path) => path.replace(/^.*[\\/]/, '');

function verdict(run) {
  const text = run.trend ? run.trend.verdict : 'no verdict';
  return h('span', { class: `verdict ${text}` }, text);
}

function growth({ baselines: { heapUsed } }) {
  return heapUsed.length > 1 ? heapUsed[heapUsed.length - 1] - heapUsed[0] : 0;
}

function facts(run) {
  const times = run.baselines.time.concat(run.gcs.time);
  const span = times.reduce((last, time) => Math.max(last, time), run.start) - run.start;
  return [
    run.program && `${fileName(run.program)}, `, `process ${nameOf(run)}, Node ${run.node}, from ${day(run.start)} ${clock(run.start, true)} for ${duration(span)}: `,
    `${count(run.baselineCount)} baselines, ${count(run.gcCount)} collections in ${duration(run.gcMs)}.`,
    run.alarm && (!run.trend || run.trend.verdict !== 'leaking') ? ` A leak was told at ${clock(run.alarm.time, true)}: ${run.alarm.reason}.` : '',
    run.ending ? ` It ${run.ending}.` : '',
    run.lostLines > 0 ? ` ${count(run.lostLines)} lines were lost.` : '',
  ].filter(Boolean).join('');
}

function chooser(runs, chosen, choose) {
  const rows = runs.map((run, index) =>
    h('tr', { class: index === chosen ? 'chosen' : '' },
      h('td', { class: 'text' }, h('button', {
        type: 'button', class: 'quiet', 'aria-pressed': String(index === chosen), onclick: () => choose(index),
      }, nameOf(run)), run.program && h('span', { class: 'place', title: run.program }, ` ${fileName(run.program)}`)),
      h('td', { class: 'text' }, verdict(run)),
      h('td', { class: 'figure wide' }, count(run.baselineCount)),
      h('td', { class: 'figure' }, signed(bytes)(growth(run))),
      h('td', { class: 'figure wide' }, run.trend && run.trend.timeToLimitMs ? duration(run.trend.timeToLimitMs) : '')));
  const head = h('tr', {}, h('th', { class: 'text', scope: 'col' }, 'Process'), h('th', { class: 'text', scope: 'col' }, 'Verdict'),
    h('th', { class: 'figure wide', scope: 'col' }, 'Baselines'), h('th', { class: 'figure', scope: 'col' }, 'Heap ±'),
    h('th', { class: 'figure wide', scope: 'col' }, 'To the limit'));
  return h('div', { class: 'scroll' }, h('table', { id: 'run-table', 'aria-label': 'processes and threads' }, h('thead', {}, head), h('tbody', {}, ...rows)));
}

function show({ runs, runCount }) {
  const list = h('div', {});
  const said = h('p', { class: 'reason' });
  const charts = h('div', { class: 'charts' });
  const note = h('p', { class: 'soft' });
  const left = runCount - runs.length;
  section('history', 'Baselines and collections', ...[
    list, said, charts, note,
    left > 0 && h('p', { class: 'soft' }, `${count(left)} more processes and threads with less to say are left out.`),
  ].filter(Boolean));
  let end = () => {};
  const choose = (index) => {
    const run = runs[index];
    end();
    if (runs.length > 1) list.replaceChildren(chooser(runs, index, choose));
    said.replaceChildren(...(run.trend ? [verdict(run), ` ${run.trend.reason}`] : []));
    note.textContent = facts(run);
    end = draw(charts, run);
  };
  choose(runs.indexOf(worst(runs)));
}

module.exports = { show };
