'use strict';
// Options: every one checked, none passed over in silence.

const { invalid } = require('./error');
const { native } = require('./host');

const MINUTE = 60000;

const number = (min, max) => (name, value) => {
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw invalid(name, `must be a number from ${min} to ${max}, not ${show(value)}`);
  }
  return value;
};
const whole = (min, max) => (name, value) => {
  if (!Number.isInteger(number(min, max)(name, value))) {
    throw invalid(name, `must be a whole number, not ${show(value)}`);
  }
  return value;
};
const boolean = (name, value) => {
  if (typeof value !== 'boolean') throw invalid(name, `must be true or false, not ${show(value)}`);
  return value;
};
const string = (name, value) => {
  if (typeof value !== 'string' || value === '') {
    throw invalid(name, `must be a non-empty string, not ${show(value)}`);
  }
  return value;
};
const oneOf = (...values) => (name, value) => {
  if (!values.includes(value)) {
    throw invalid(name, `must be ${values.map(show).join(' or ')}, not ${show(value)}`);
  }
  return value;
};
const fn = (name, value) => {
  if (typeof value !== 'function') throw invalid(name, `must be a function, not ${show(value)}`);
  return value;
};
const signal = (name, value) => {
  if (!value || typeof value.aborted !== 'boolean') {
    throw invalid(name, `must be an AbortSignal, not ${show(value)}`);
  }
  return value;
};
/** As the addon reads it, and `process.version` says it. */
const isVersion = (text) => /^v?\d{1,9}(\.\d{1,9}){0,2}(-.*)?$/.test(text);
const version = (name, value) => {
  if (typeof value !== 'string' || !isVersion(value)) {
    throw invalid(name, `must be a version like '20.11.0', not ${show(value)}`);
  }
  return value;
};
const compress = (name, value) => (value === false ? undefined : oneOf('gzip', 'zstd')(name, value));
const signalName = (name, value) => {
  if (typeof value !== 'string' || !/^SIG[A-Z0-9]+$/.test(value)) {
    throw invalid(name, `must be a signal's name, like 'SIGUSR2', not ${show(value)}`);
  }
  // Empty where there are no POSIX signals: Node then knows best.
  const names = native.signalNames();
  if (names.length > 0 && !names.includes(value)) {
    throw invalid(name, `'${value}' cannot be used; choose one of ${names.join(', ')}`);
  }
  return value;
};

const THRESHOLDS = {
  minForced: whole(4, 1e6),
  minNatural: whole(4, 1e6),
  warmUp: whole(0, 1e6),
  floorBytes: number(0, 1e15),
  floorShare: number(0, 1),
  minRise: number(0, 1e15),
  minRiseNatural: number(0, 1e15),
  creepRise: number(0, 1e15),
  creepShare: number(0, 1),
  floorContexts: number(0, 1e6),
  minContexts: number(0, 1e6),
  confidence: number(0.5, 0.999999),
};
const thresholds = (name, value) => check(name, THRESHOLDS, value);

const START = {
  forceGcEvery: (name, value) => (value === 0 ? 0 : number(10, 2 ** 31 - 1)(name, value)),
  window: whole(8, 100000),
  thresholds,
  onLeak: oneOf('emit', 'capture'),
  snapshotDir: string,
  snapshotSignal: (name, value) => (value === false ? undefined : signalName(name, value)),
  nearHeapLimit: boolean,
  keepSnapshots: whole(1, 1e6),
  keepSnapshotBytes: number(1, 2 ** 53),
  control: (name, value) => (value === false ? undefined : value === true || string(name, value)),
};

const SNAPSHOT = {
  compress,
  redact: boolean,
  mode: oneOf('auto', 'fork', 'inline'),
  force: boolean,
  keepIds: boolean,
  exposeNumericValues: boolean,
  niceness: whole(0, 19),
  timeout: number(1, 24 * 60 * MINUTE),
  memoryLimit: whole(1, Number.MAX_SAFE_INTEGER),
  signal,
  onProgress: fn,
};

/** Captures are checked by those who read them. */
const captures = (_name, value) => value;
const CAPTURE = {
  since: captures,
  mode: oneOf('auto', 'fork', 'inline'),
  force: boolean,
  niceness: whole(0, 19),
  timeout: number(1, 24 * 60 * MINUTE),
  memoryLimit: whole(1, Number.MAX_SAFE_INTEGER),
  topSuspects: whole(1, 1000),
  minGrowthBytes: number(0, 1e15),
  sourceMaps: boolean,
  signal,
};

const SIGNAL = {
  path: string,
  compress,
  redact: boolean,
  mode: oneOf('auto', 'fork', 'inline'),
  force: boolean,
  keepIds: boolean,
  exposeNumericValues: boolean,
  niceness: whole(0, 19),
  timeout: number(1, 24 * 60 * MINUTE),
  memoryLimit: whole(1, Number.MAX_SAFE_INTEGER),
  cooldown: number(0, 24 * 60 * MINUTE),
  max: whole(0, 1e6),
  callback: fn,
};

const TREND = { thresholds };

const SUMMARIZE = { topClasses: whole(0, 1e6), signal, onProgress: fn };

const DIFF = {
  topClasses: whole(0, 1e6),
  topSuspects: whole(1, 1000),
  minGrowthBytes: number(0, 1e15),
  sourceMaps: boolean,
  threads: whole(0, 64),
  suppress: string,
  nodeVersion: version,
  signal,
  onProgress: fn,
};

const CHECK_THRESHOLDS = {
  floorBytes: number(0, 1e15),
  minRise: number(0, 1e15),
  minRiseExternal: number(0, 1e15),
  floorContexts: number(0, 1e6),
  minContexts: number(0, 1e6),
  minIterations: whole(0, 1e9),
};

const CHECK = {
  iterations: whole(1, 1e9),
  rounds: whole(5, 30),
  warmUp: whole(0, 1e9),
  timeMs: number(1, 2 ** 31 - 1),
  thresholds: (name, value) => check(name, CHECK_THRESHOLDS, value),
  suspects: boolean,
  signal,
};

const GUARD = { isolate: boolean, deep: boolean, name: string, onFinding: fn };
/** What the exporters take; packages of the application's are checked by those who use them. */
const given = (_name, value) => value;
const PROMETHEUS = { client: given, registry: given, appVersion: string, watch: boolean };
const OPENTELEMETRY = { api: given, meterProvider: given, appVersion: string, conventions: boolean, watch: boolean };

function show(value) {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

/** Checks `value` against a table of options; returns a copy without undefined. */
function check(what, table, value) {
  const out = {};
  if (value === undefined || value === null) return out;
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid(what, `must be an object, not ${show(value)}`);
  for (const name of Object.keys(value)) {
    const rule = Object.prototype.hasOwnProperty.call(table, name) && table[name];
    if (!rule) {
      throw invalid(name, `is not an option of ${what}; known are ${Object.keys(table).join(', ')}`);
    }
    if (value[name] === undefined) continue;
    const checked = rule(name, value[name]);
    if (checked !== undefined) out[name] = checked;
  }
  return out;
}

const SWITCHES = { true: true, on: true, 1: true, false: false, off: false, 0: false };

/** What is no number is refused as it was written. */
const toNumber = (text) => (Number.isNaN(Number(text)) ? text : Number(text));

/** How the text of an environment variable becomes the option of that name. */
const PARSERS = {
  forceGcEvery: toNumber,
  window: toNumber,
  keepSnapshots: toNumber,
  keepSnapshotBytes: toNumber,
  nearHeapLimit: (text) => (text in SWITCHES ? SWITCHES[text] : text),
  snapshotSignal: (text) => (SWITCHES[text] === false ? false : text),
  control: (text) => (text in SWITCHES ? SWITCHES[text] : text),
  thresholds: (text) => {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw invalid('LEAKWATCH_THRESHOLDS', `must be JSON: ${error.message}`);
    }
  },
};

/** The environment variable of an option of start(). */
const variableOf = (name) => `LEAKWATCH_${name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`;

/** Options of start() from LEAKWATCH_FORCE_GC_EVERY, LEAKWATCH_WINDOW and so on. */
function fromEnvironment(env) {
  const out = {};
  for (const name of Object.keys(START)) {
    const text = env[variableOf(name)];
    if (text === undefined || text === '') continue;
    out[name] = PARSERS[name] ? PARSERS[name](text) : text;
  }
  return out;
}

/** The first of those variables that is wrong, by its option and name, and why; undefined if none is. */
function wrongVariable(env) {
  for (const name of Object.keys(START)) {
    const variable = variableOf(name);
    try {
      check('start()', START, fromEnvironment({ [variable]: env[variable] }));
    } catch ({ option, message }) {
      return { name, variable, why: [name, variable].includes(option) ? message.slice(option.length + 2) : message };
    }
  }
  return undefined;
}

module.exports = {
  capture: (value) => check('capture()', CAPTURE, value),
  check: (value) => check('check()', CHECK, value),
  diff: (value) => check('diff()', DIFF, value),
  fromEnvironment,
  guard: (value) => check('guard()', GUARD, value),
  openTelemetry: (value) => check('exportMetrics()', OPENTELEMETRY, value),
  prometheus: (value) => check('exportMetrics()', PROMETHEUS, value),
  signal: (value) => check('snapshotOnSignal()', SIGNAL, value),
  summarize: (value) => check('summarize()', SUMMARIZE, value),
  snapshot: (value) => check('writeSnapshot()', SNAPSHOT, value),
  start: (value) => check('start()', START, value),
  trend: (value) => check('trend()', TREND, value),
  isVersion,
  show,
  signalName,
  variableOf,
  wrongVariable,
};
