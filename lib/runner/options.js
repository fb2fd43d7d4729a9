'use strict';
// Options of the reporters, the same for every runner.

const { LeakwatchError } = require('../error');
const { parseBytes } = require('../text/bytes');

function wrong(name, why) {
  return new LeakwatchError('ERR_LEAKWATCH_INVALID_ARGUMENT', `${name}: ${why}`, { option: name });
}

const boolean = (name, value) => {
  if (typeof value !== 'boolean') throw wrong(name, `must be true or false, not ${JSON.stringify(value)}`);
  return value;
};
const failOnLeak = (name, value) => {
  if (value !== 'new' && typeof value !== 'boolean') throw wrong(name, `must be true, false or 'new', not ${JSON.stringify(value)}`);
  return value;
};
const file = (name, value) => {
  if (typeof value !== 'string' || value === '') throw wrong(name, `must be a file's path, not ${JSON.stringify(value)}`);
  return value;
};
const size = (name, value) => {
  const parsed = parseBytes(value);
  if (parsed === undefined) throw wrong(name, `must be a size in bytes or text like '10 MB', not ${JSON.stringify(value)}`);
  return parsed;
};
const budgets = (name, value) => {
  if (typeof value !== 'object' || value === null) throw wrong(name, "must be an object like {file: '10 MB', run: '200 MB'}");
  const out = {};
  for (const key of Object.keys(value)) {
    if (key !== 'file' && key !== 'run') throw wrong(`${name}.${key}`, 'is not a budget; there are file and run');
    out[key] = size(`${name}.${key}`, value[key]);
  }
  return out;
};
const costLimit = (name, value) => {
  if (value === false) return 0;
  if (typeof value !== 'number' || !(value > 0 && value <= 1)) {
    throw wrong(name, `must be a share of the run from 0 to 1, or false for none, not ${JSON.stringify(value)}`);
  }
  return value;
};

const RULES = {
  failOnLeak,
  record: boolean,
  budgets,
  suppress: file,
  junit: file,
  sarif: file,
  json: file,
  github: boolean,
  costLimit,
  capture: boolean,
  table: boolean,
};

const DEFAULTS = { failOnLeak: 'new', record: false, budgets: {}, costLimit: 0.03, capture: true, table: true };

/** Checked options; `LEAKWATCH_FAIL_ON_LEAK` and so on where the runner hands none over. */
function reporterOptions(given, env = {}) {
  if (given !== undefined && given !== null && typeof given !== 'object') {
    throw wrong('options', `must be an object, not ${JSON.stringify(given)}`);
  }
  const out = { ...DEFAULTS, github: env.GITHUB_ACTIONS === 'true' };
  const all = { ...fromEnvironment(env), ...given };
  for (const name of Object.keys(all)) {
    if (all[name] === undefined) continue;
    if (!Object.prototype.hasOwnProperty.call(RULES, name)) {
      throw wrong(name, `is not an option of leakwatch's reporters; there are ${Object.keys(RULES).join(', ')}`);
    }
    out[name] = RULES[name](name, all[name]);
  }
  return out;
}

function fromEnvironment(env) {
  const out = {};
  const flag = (text) => (text === 'true' || text === '1' || text === 'on' ? true : text === 'false' || text === '0' || text === 'off' ? false : text);
  if (env.LEAKWATCH_FAIL_ON_LEAK) out.failOnLeak = flag(env.LEAKWATCH_FAIL_ON_LEAK);
  if (env.LEAKWATCH_RECORD) out.record = flag(env.LEAKWATCH_RECORD);
  if (env.LEAKWATCH_SUPPRESS) out.suppress = env.LEAKWATCH_SUPPRESS;
  if (env.LEAKWATCH_JUNIT) out.junit = env.LEAKWATCH_JUNIT;
  if (env.LEAKWATCH_SARIF) out.sarif = env.LEAKWATCH_SARIF;
  if (env.LEAKWATCH_COST_LIMIT) {
    const limit = flag(env.LEAKWATCH_COST_LIMIT);
    out.costLimit = limit === false ? false : Number(env.LEAKWATCH_COST_LIMIT);
  }
  if (env.LEAKWATCH_FILE_BUDGET || env.LEAKWATCH_RUN_BUDGET) {
    out.budgets = {};
    if (env.LEAKWATCH_FILE_BUDGET) out.budgets.file = env.LEAKWATCH_FILE_BUDGET;
    if (env.LEAKWATCH_RUN_BUDGET) out.budgets.run = env.LEAKWATCH_RUN_BUDGET;
  }
  return out;
}

module.exports = { reporterOptions };
