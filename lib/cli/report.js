'use strict';
// `leakwatch report`: snapshots, histories or both, as one HTML page or as JSON.

const path = require('path');
const { run, suppressText } = require('../analysis');
const { readRuns } = require('../history/reader');
const { historyModel } = require('../history/series');
const { isFolder } = require('../make-folder');
const { page } = require('../report/page');
const { Wrong, flag, many, nodeVersion, parse, text, whole } = require('./arguments');
const { checkOutput, writeOutput } = require('./output');
const { progressLine } = require('./progress');
const { version } = require('../../package.json');

const RULES = {
  '-o': text, '--json': flag, '--top': whole(1), '--min-growth': whole(0), '--suppress': text, '--node-version': nodeVersion,
  '--history': many(text), '--title': text,
};

/** What is a history by its looks: a folder, or a file of JSON lines. */
const looksLikeHistory = (file) => file.endsWith('.jsonl') || isFolder(file);

function titleOf(snapshots, histories) {
  const names = snapshots.map((file) => path.basename(file));
  return [names.join(' → '), histories.map((file) => path.basename(file)).join(', ')].filter(Boolean).join(' · ');
}

function request(options, snapshots, title) {
  return {
    what: ['nothing', 'summary'][snapshots.length] || 'diff',
    paths: snapshots,
    format: 'model',
    title,
    topSuspects: options.top,
    minGrowthBytes: options.minGrowth,
    nodeVersion: options.nodeVersion,
    ...(options.suppress ? { suppress: suppressText(options.suppress), today: new Date().toISOString().slice(0, 10) } : {}),
  };
}

/** The report as a value: the analysis, and the histories beside it. */
async function reportModel({ snapshots, histories, options = {} }) {
  // First, since a wrong path should not wait for minutes of analysis.
  const history = histories.length > 0 ? historyModel(readRuns(histories)) : undefined;
  const line = progressLine(snapshots);
  let result;
  try {
    result = await run(request(options, snapshots, options.title || titleOf(snapshots, histories)), { onProgress: line.tell });
  } finally {
    line.clear();
  }
  const model = JSON.parse(result.text);
  model.version = version;
  model.written = Date.now();
  if (history) model.history = history;
  const isLeaking = Boolean(history) && history.runs.some(({ trend }) => trend && trend.verdict === 'leaking');
  return { model, found: result.suspects > 0 || isLeaking };
}

async function main(command, argv) {
  const { options, rest } = parse(argv, RULES);
  const histories = (options.history || []).concat(rest.filter(looksLikeHistory));
  const snapshots = rest.filter((file) => !looksLikeHistory(file));
  if (snapshots.length + histories.length === 0) throw new Wrong('report takes snapshots, oldest first, or --history FILE, or both');
  if (!options.o && !options.json) throw new Wrong('report needs -o OUT, the page to write');
  checkOutput('-o', options.o);
  const empty = histories.find((given) => readRuns([given]).length === 0);
  if (empty !== undefined) throw new Wrong(`${empty} holds no history: nothing has been recorded there`);
  const { model, found } = await reportModel({ snapshots, histories, options });
  const content = options.json ? `${JSON.stringify(model, null, 2)}\n` : page(model);
  if (options.o) writeOutput(options.o, content, 0o600);
  else process.stdout.write(content);
  return found ? 1 : 0;
}

module.exports = { main, reportModel };
