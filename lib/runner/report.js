'use strict';
// The parent's side: what the processes of a run wrote becomes one judgement,
// and that the outputs that were asked for.

const fs = require('fs');
const path = require('path');
const { withoutBegunAnew } = require('./begun-anew');
const { judgeRun, judgeWorker } = require('./judge');
const { labelOf } = require('./labels');
const outputs = require('./outputs');
const runDirectory = require('./run-directory');
const suppressFile = require('./suppress');
const { table } = require('./table');

const KNOWN = path.join(__dirname, '..', '..', 'src', 'snapshot', 'known_leaks.json');

/** Less than this between two snapshots is V8's and the runner's own. */
const MIN_GROWTH = 512e3;

/** An entry of the list of known leaks. */
function known(id) {
  try {
    const { leaks } = JSON.parse(fs.readFileSync(KNOWN, 'utf8'));
    const entry = leaks.find((each) => each.id === id);
    return entry && { id, title: entry.title, advice: entry.advice, reference: entry.reference };
  } catch (_) {
    return undefined;
  }
}

function remove(file) {
  try {
    fs.unlinkSync(file);
  } catch (_) {
    // It goes with the run's folder.
  }
}

/** What a worker's snapshots say; they are removed as soon as they are read. */
async function evidence(records, rootDir) {
  const captures = records.filter(({ type, file }) => type === 'capture' && file && fs.existsSync(file));
  const out = { reasons: new Map(), suspects: [] };
  if (captures.length === 0) return out;
  try {
    // The addon, for those alone who need it: it takes a run's parent as long as a small test file.
    const { explainSnapshot } = require('./evidence');
    const last = captures[captures.length - 1];
    const count = records.filter(({ type }) => type === 'file').length;
    const labels = Array.from({ length: count }, (_, n) => labelOf(n));
    const explained = await explainSnapshot(last.file, labels, { rootDir });
    labels.forEach((label, n) => {
      if (explained.has(label)) out.reasons.set(n, explained.get(label));
    });
    if (captures.length > 1) {
      const { diff } = require('../analysis');
      out.suspects = (await diff(captures.map(({ file }) => file), { topSuspects: 5, minGrowthBytes: MIN_GROWTH })).suspects.filter(
        ({ growthBytes }) => growthBytes >= MIN_GROWTH
      );
    }
  } catch (error) {
    out.error = error.message;
  } finally {
    for (const { file } of captures) remove(file);
  }
  return out;
}

/** Judges the run in `folder`. */
async function judge(folder, { rootDir, durations, runs, options }) {
  const workers = [];
  for (const records of withoutBegunAnew(runDirectory.readAll(folder), runs)) {
    if (!records.some(({ type }) => type === 'file')) continue;
    const { reasons, suspects, error } = await evidence(records, rootDir);
    const worker = judgeWorker(records, { rootDir, durations, reasons, suspects, known, budgets: options.budgets });
    if (error && !worker.captureError) worker.captureError = `it could not be read: ${error}`;
    workers.push(worker);
  }
  const findings = [].concat(...workers.map((each) => each.findings));
  const recorded = options.record ? suppressFile.record(rootDir, options.suppress, findings, Date.now()) : undefined;
  let expired = [];
  const file = suppressFile.find(rootDir, options.suppress);
  if (file) expired = suppressFile.apply(findings, suppressFile.read(file), new Date().toISOString().slice(0, 10));
  return { workers, run: judgeRun(workers), expired, recorded, hasKnown: Boolean(file) };
}

/** What a run is to do next that has leaks and no record of which are old. */
function advice({ run, recorded, hasKnown }, options, relative) {
  if (recorded) return `leakwatch: ${recorded.added} recorded in ${relative(recorded.file)}; runs fail on others from now on\n`;
  if (options.failOnLeak !== 'new' || hasKnown || run.fresh.length === 0) return '';
  return 'leakwatch: to let runs fail on leaks that are new, record these once: set LEAKWATCH_RECORD=true, and keep the file\n';
}

/**
 * Everything at the end of a run: judges, writes the files asked for, returns
 * `{text, verdict, failure}`; `failure` is a message if the run must fail.
 */
async function report(folder, { runner, rootDir, durations, runs, options }) {
  const judged = await judge(folder, { rootDir, durations, runs, options });
  const { workers, run, expired, hasKnown } = judged;
  if (workers.length === 0) {
    return { text: `leakwatch: ${runner} told of no test files; is the hook among its setup files?\n`, verdict: 'insufficient' };
  }
  const relative = (url) => {
    const inside = path.relative(rootDir, url);
    return inside.startsWith('..') ? url : inside;
  };
  const context = { runner, workers, run, rootDir, relative };
  if (options.junit) outputs.write(path.resolve(rootDir, options.junit), outputs.junitText(context));
  if (options.sarif) outputs.write(path.resolve(rootDir, options.sarif), outputs.sarifText(context));
  if (options.json) outputs.write(path.resolve(rootDir, options.json), outputs.jsonText(context));
  let text = '';
  if (options.table) text += table({ ...context, costLimit: options.costLimit, expired });
  if (options.table) text += advice(judged, options, relative);
  if (options.github) text += outputs.githubText(context);
  const fails = options.failOnLeak === true || (options.failOnLeak === 'new' && hasKnown);
  const failure =
    fails && run.fresh.length > 0
      ? `leakwatch: ${run.fresh.length} ${run.fresh.length === 1 ? 'leak' : 'leaks'}: ${run.fresh[0].message}`
      : undefined;
  return { text, verdict: run.verdict, run, workers, failure };
}

module.exports = { known, report };
