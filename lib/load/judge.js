'use strict';
// The verdict over another process's baselines, which are the ones asked for
// alone: what its own program or V8 collected meanwhile does not count.

const { native } = require('../host');
const { shape } = require('../trend');

/**
 * Higher than for a program that is watched for days: some compiled code of Node's
 * is still to come in a young server. More requests a round make a leak stand out.
 */
const THRESHOLDS = { floorBytes: 8192, minRise: 65536 };
/** From best to worst. */
const ORDER = ['insufficient', 'steady', 'growing', 'leaking'];

function judge({ baselines, heapSizeLimit }) {
  native.reset();
  for (const baseline of baselines) native.pushBaseline(known(baseline));
  const trend = shape(native.trend({ heapLimit: heapSizeLimit }, THRESHOLDS, false));
  native.reset();
  return trend;
}

/** Without what nobody knew there: the addon takes what is missing, and no nulls. */
function known(baseline) {
  const out = {};
  for (const name of Object.keys(baseline)) if (baseline[name] !== null) out[name] = baseline[name];
  return out;
}

/** What V8 makes as it compiles, by the names a snapshot has for it. */
const ENGINE = ['(compiled code)', '(object shape)', '(system)', '(shape)'];

/** Whether captures show no suspect, and of all that grew at least half is V8's own. */
function isEngineGrowth({ suspects, suppressed = [], classes }) {
  if (suspects.length + suppressed.length > 0) return false;
  let all = 0;
  let engine = 0;
  for (const { name, shallowAfter, shallowBefore } of classes) {
    const grown = Math.max(0, shallowAfter - shallowBefore);
    all += grown;
    if (ENGINE.includes(name)) engine += grown;
  }
  return engine >= all / 2;
}

/** Whether all that leaks there is in the suppress file. */
const isAccepted = ({ verdict, suspects, suppressed = [] }) => verdict === 'leaking' && suspects.length === 0 && suppressed.length > 0;

/** The worst of some verdicts. */
function worst(verdicts) {
  return verdicts.reduce((a, b) => (ORDER.indexOf(b) > ORDER.indexOf(a) ? b : a), ORDER[0]);
}

module.exports = { isAccepted, isEngineGrowth, judge, worst };
