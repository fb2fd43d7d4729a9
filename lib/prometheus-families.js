'use strict';
// The metrics by name, type and meaning. Names are the interface: rules and
// dashboards of others read them.

const { GC_TYPES } = require('./sample');
const { version } = require('../package.json');

const VERDICTS = ['insufficient', 'steady', 'growing', 'leaking'];
const OUTCOMES = ['written', 'refused', 'failed'];
/** Baselines in bytes, by channel, and the field they come from. */
const SIZES = [
  ['heap', 'heapUsed'],
  ['external', 'external'],
  ['arrayBuffers', 'arrayBuffers'],
  ['rss', 'rss'],
];

const one = (value, labels = {}) => (value === null || value === undefined ? [] : [{ labels, value }]);

/** One series for each channel that is judged. */
const perChannel = (pick, only) => ({ channels }) =>
  Object.keys(channels)
    .filter((channel) => !only || only(channel))
    .map((channel) => ({ labels: { channel }, value: pick(channels[channel]) }));

const inBytes = (channel) => channel !== 'contexts';

function baselineBytes({ newest }) {
  if (!newest) return [];
  const known = SIZES.filter(([, field]) => newest[field] !== null);
  return known.map(([channel, field]) => ({ labels: { channel }, value: newest[field] }));
}

function contexts({ newest }) {
  if (!newest) return [];
  return [
    ...one(newest.nativeContexts, { state: 'native' }),
    ...one(newest.detachedContexts, { state: 'detached' }),
  ];
}

/** One series for each state, 1 for the one that holds. */
function verdicts({ channels }) {
  const values = [];
  for (const channel of Object.keys(channels)) {
    for (const verdict of VERDICTS) {
      values.push({ labels: { channel, verdict }, value: channels[channel].verdict === verdict ? 1 : 0 });
    }
  }
  return values;
}

/** As Prometheus has them: cumulative, with a sum and a count. */
function pauses({ pauses: { bounds, types } }) {
  const values = [];
  for (const type of GC_TYPES) {
    const { counts, sums } = types[type];
    const count = counts.reduce((a, b) => a + b, 0);
    // V8 has no other kinds that anyone has seen.
    if (type === 'other' && count === 0) continue;
    let below = 0;
    bounds.forEach((le, at) => {
      below += counts[at];
      values.push({ suffix: 'bucket', labels: { le, type }, value: below });
    });
    values.push({ suffix: 'bucket', labels: { le: '+Inf', type }, value: count });
    values.push({ suffix: 'sum', labels: { type }, value: sums.reduce((a, b) => a + b, 0) });
    values.push({ suffix: 'count', labels: { type }, value: count });
  }
  return values;
}

/** Labels of what runs here; the application's version is for leaks that came with one. */
function buildInfo(appVersion) {
  const { LEAKWATCH_APP_VERSION, npm_package_version: ofPackage } = process.env;
  return { version, app_version: appVersion || LEAKWATCH_APP_VERSION || ofPackage || '', node_version: process.version };
}

/**
 * `{name, help, type, labelNames, aggregator, values(sample)}`. `aggregator` is how a cluster's primary joins its workers:
 * the worst of them for levels, the sum for counts.
 */
function families(given = {}) {
  const info = buildInfo(given.appVersion);
  const row = (name, type, aggregator, labelNames, help, values) => ({
    name: `leakwatch_${name}`,
    type,
    aggregator,
    labelNames,
    help,
    values,
  });
  const gauge = (name, aggregator, ...rest) => row(name, 'gauge', aggregator, ...rest);
  return [
    gauge('build_info', 'first', Object.keys(info), 'Versions of leakwatch, the application and Node; always 1', () => one(1, info)),
    gauge('watching', 'sum', [], '1 while leakwatch watches', (s) => one(s.watching ? 1 : 0)),
    gauge('verdict', 'sum', ['channel', 'verdict'], 'The verdict on each channel: 1 for the one that holds, 0 for the others', verdicts),
    gauge('baseline_bytes', 'max', ['channel'], 'In use right after the newest full GC', baselineBytes),
    gauge('baseline_timestamp_seconds', 'max', [], 'When the newest full GC was, in seconds since 1970', (s) =>
      one(s.newest && s.newest.time / 1000)
    ),
    row('baselines_total', 'counter', 'sum', [], 'Full GCs that made a baseline', (s) => one(s.baselines)),
    gauge('contexts', 'max', ['state'], 'Native contexts right after the newest full GC', contexts),
    gauge('global_handles_bytes', 'max', [], 'Global handles in use right after the newest full GC', (s) =>
      one(s.newest && s.newest.globalHandles)
    ),
    gauge('slope_bytes_per_second', 'max', ['channel'], 'Growth of the baseline: Theil-Sen slope', perChannel((c) => c.perSecond, inBytes)),
    gauge('slope_contexts_per_second', 'max', [], 'Growth of the number of native contexts', (s) =>
      one(s.channels.contexts && s.channels.contexts.perSecond)
    ),
    gauge('confidence_ratio', 'max', ['channel'], 'Confidence that the channel rises at all, 0 to 1', perChannel((c) => c.confidence)),
    gauge('time_to_limit_seconds', 'min', ['channel'], 'Until the limit is reached at this rate; no series where it is not', (s) =>
      Object.keys(s.timesToLimit).map((channel) => ({ labels: { channel }, value: s.timesToLimit[channel] / 1000 }))
    ),
    gauge('heap_limit_bytes', 'max', [], "V8's limit of the heap", (s) => one(s.heapLimit)),
    row('gc_duration_seconds', 'histogram', 'sum', ['type'], 'Pauses of garbage collection, every one', pauses),
    row('snapshots_total', 'counter', 'sum', ['outcome'], 'Heap snapshots asked for, by what became of them', ({ snapshots }) =>
      OUTCOMES.map((outcome) => ({ labels: { outcome }, value: snapshots[outcome] }))
    ),
  ];
}

module.exports = { SIZES, VERDICTS, buildInfo, families };
