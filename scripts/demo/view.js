'use strict';
// What the demo shows: two runs side by side on a terminal, lines elsewhere.

const { chart, roundUp } = require('./chart');
const { Screen, pad, paint, wrap } = require('./terminal');

const WIDTH = 80;
const GAP = 4;
const PANEL = (WIDTH - GAP) / 2;
const CHART_ROWS = 8;
const REASON_ROWS = 5;
const HEIGHT = 23;
/** Between two lines where nothing can be redrawn. */
const LINE_MS = 2000;

const VERDICTS = { insufficient: 'dim', steady: 'green', growing: 'yellow', leaking: 'red' };

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const seconds = (ms) => `${(ms / 1e3).toFixed(1)} s`;

function last(list) {
  return list[list.length - 1];
}

/** A reason's first lines; one that is longer is said whole in plain lines. */
function reason(run) {
  const lines = run.trend ? wrap(run.trend.reason, PANEL) : [];
  if (lines.length > REASON_ROWS) lines[REASON_ROWS - 1] = `${lines[REASON_ROWS - 1].slice(0, PANEL - 2)} …`;
  return Array.from({ length: REASON_ROWS }, (_, at) => lines[at] || '');
}

function numbers(run) {
  const baseline = last(run.baselines);
  if (!baseline) return ['', ''];
  const verdict = run.trend.verdict;
  return [
    `pages ${run.pages}  contexts ${baseline.nativeContexts}  heap ${megabytes(baseline.heapUsed)}`,
    `verdict ${paint(VERDICTS[verdict], verdict)} (baseline ${run.baselines.length})`,
  ];
}

function panel(run, top) {
  const bars = run.baselines.map(({ heapUsed }, at) => ({
    value: heapUsed / 1e6,
    color: VERDICTS[run.verdicts[at]],
  }));
  const phase = run.phase === 'under load' ? `${run.phase}, ${seconds(run.elapsed)}` : run.phase;
  const space = ' '.repeat(PANEL - run.title.length - phase.length);
  return [
    `${paint('bold', run.title)}${space}${paint('dim', phase)}`,
    paint('cyan', run.code),
    ...chart(bars, { width: PANEL - 6, height: CHART_ROWS, top }),
    ...numbers(run),
    ...reason(run),
  ];
}

function frame({ runs, connections, snapshot }) {
  const most = Math.max(...runs.flatMap((run) => run.baselines.map(({ heapUsed }) => heapUsed)), 0);
  const panels = runs.map((run) => panel(run, roundUp(Math.max(most / 1e6, 8))));
  const gap = ' '.repeat(GAP);
  return [
    `${paint('bold', 'leakwatch demo')}  an SSR server under load from autocannon, ${connections} connections`,
    paint('dim', 'MB of heap after each full GC; colours tell the verdict at that baseline'),
    '',
    ...panels[0].map((line, at) => pad(line, PANEL) + gap + panels[1][at]),
    ...wrap(snapshot, WIDTH),
  ];
}

class View {
  constructor() {
    this._screen = Screen.fits(HEIGHT) ? new Screen() : null;
    this._told = {};
    this._next = 0;
  }

  update(state) {
    if (this._screen) this._screen.draw(frame(state));
    else this._tell(state);
  }

  /** A phase, a verdict and a snapshot when they change; figures now and then. */
  _tell({ runs, snapshot }) {
    const run = runs.find(({ phase }) => phase !== 'done') || last(runs);
    const once = (key, value, text) => {
      if (!value || this._told[key] === value) return;
      this._told[key] = value;
      process.stdout.write(`${text}\n`);
    };
    once('run', run.title, `\n${run.title}: ${run.code}`);
    if (run.phase !== 'waiting') once('phase', `${run.title} ${run.phase}`, `  ${run.phase}`);
    const baseline = last(run.baselines);
    if (baseline && Date.now() >= this._next && run.phase === 'under load') {
      this._next = Date.now() + LINE_MS;
      process.stdout.write(`  ${seconds(run.elapsed).padStart(6)}  ${numbers(run).join('   ')}\n`);
    }
    if (baseline) {
      const { verdict } = run.trend;
      const text = wrap(`${verdict}: ${run.trend.reason}`, WIDTH - 6).join('\n      ');
      once('verdict', `${run.title} ${verdict}`, `    ${text}`);
    }
    once('snapshot', snapshot, `  ${snapshot}`);
  }

  end() {
    if (this._screen) this._screen.end();
  }
}

module.exports = { View, megabytes, seconds };
