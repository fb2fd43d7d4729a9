'use strict';
// The top of the page: the answer first, then the figures it rests on.

const { byId, h } = require('./dom');
const { bytes, count, day, clock, nothingGrew, signed } = require('./format');

const WORST_FIRST = ['leaking', 'growing', 'steady', 'insufficient'];

/** The run of a history whose verdict is worst. */
function worst(runs) {
  const rank = (run) => (run.trend ? WORST_FIRST.indexOf(run.trend.verdict) : WORST_FIRST.length);
  return runs.slice().sort((a, b) => rank(a) - rank(b))[0];
}

function answer(data) {
  const { diff, history } = data;
  const first = diff && diff.suspects[0];
  if (first) return { tone: 'bad', text: first.sentence };
  const run = history && worst(history.runs);
  if (run && run.trend) {
    const tone = run.trend.verdict === 'leaking' ? 'bad' : run.trend.verdict === 'steady' ? 'good' : 'plain';
    return { tone, text: `${run.trend.verdict}: ${run.trend.reason}` };
  }
  if (diff) return { tone: 'good', text: nothingGrew(data) };
  return null;
}

function figures({ diff, summary, history }) {
  const out = [];
  if (diff) {
    const [first, last] = [diff.files[0], diff.files[diff.files.length - 1]];
    out.push(['heap', `${bytes(first.totalBytes)} → ${bytes(last.totalBytes)}`]);
    out.push(['growth', signed(bytes)(diff.growthBytes)]);
    out.push(['suspects', count(diff.suspects.length)]);
    out.push(['classes changed', count(diff.classCount)]);
  }
  if (summary) {
    out.push(['heap', bytes(summary.file.totalBytes)]);
    out.push(['objects', count(summary.file.nodes)]);
    out.push(['references', count(summary.file.edges)]);
    out.push(['classes', count(summary.classCount)]);
  }
  if (history && history.runs.length > 0) out.push(['processes and threads', count(history.runCount)]);
  return out;
}

function files({ diff, summary }) {
  const all = diff ? diff.files : summary ? [summary.file] : [];
  if (all.length === 0) return null;
  const rows = all.map((file) =>
    h('li', {}, h('span', { class: 'path' }, file.path), h('span', { class: 'soft' },
      ` ${bytes(file.totalBytes)} in ${count(file.nodes)} objects`)));
  const note = diff && h('p', { class: 'soft' }, diff.sameProcess
    ? 'Snapshots of one process: objects are compared by their ids.'
    : 'Snapshots without common object ids: what grew is found by how it is held.');
  return h('details', { class: 'files' },
    h('summary', {}, `${all.length === 1 ? '1 snapshot' : `${all.length} snapshots`}`), h('ol', {}, ...rows), note);
}

function show(data) {
  const said = answer(data);
  byId('overview').append(...[
    h('p', { class: 'brand' }, 'leakwatch'),
    h('h1', {}, data.title || 'Report'),
    said && h('p', { class: `answer ${said.tone}` }, said.text),
    h('dl', { class: 'figures' }, ...figures(data).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)))),
    files(data),
  ].filter(Boolean));
  const written = data.written ? ` · written ${day(data.written)} ${clock(data.written)}` : '';
  byId('footer').append(`leakwatch${data.version ? ` ${data.version}` : ''}${written} · this page asks nothing of any network`);
}

module.exports = { show, worst };
