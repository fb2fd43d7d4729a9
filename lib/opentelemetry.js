'use strict';
// leakwatch in OpenTelemetry, through @opentelemetry/api: one callback, which
// runs when a reader collects, and nothing in between.

const options = require('./options');
const peer = require('./peer');
const { SIZES, VERDICTS, buildInfo } = require('./prometheus-families');
const { heapSpaces, sample } = require('./sample');
const { start } = require('./watch');
const { LeakwatchError, invalid } = require('./error');
const host = require('./host');
const { version } = require('../package.json');

/** Exporters by meter provider, one set for this isolate. */
const KEY = Symbol.for('leakwatch.opentelemetry');
if (!process[KEY]) Object.defineProperty(process, KEY, { value: new WeakMap(), configurable: true });
const exporters = process[KEY];

/** What the semantic conventions (1.45) ask of `v8js.gc.duration`. */
const GC_BOUNDARIES = [0.01, 0.1, 1, 10];

/**
 * Names that no convention has: instrument, unit, what it is. Names, units and attributes are such that OpenTelemetry's rules
 * for Prometheus give the names that leakwatch/prometheus has, so that the same alerts and dashboards serve both.
 */
const OWN = {
  'leakwatch.build_info': ['ObservableGauge', '', 'Versions of leakwatch, the application and Node; always 1'],
  'leakwatch.watching': ['ObservableGauge', '', '1 while leakwatch watches'],
  'leakwatch.verdict': ['ObservableGauge', '', 'The verdict on each channel: 1 for the one that holds, 0 for the others'],
  'leakwatch.baseline': ['ObservableGauge', 'By', 'In use right after the newest full GC'],
  'leakwatch.baseline_timestamp': ['ObservableGauge', 's', 'When the newest full GC was, in seconds since 1970'],
  'leakwatch.baselines': ['ObservableCounter', '{baseline}', 'Full GCs that made a baseline'],
  'leakwatch.contexts': ['ObservableGauge', '{context}', 'Native contexts right after the newest full GC'],
  'leakwatch.global_handles': ['ObservableGauge', 'By', 'Global handles in use right after the newest full GC'],
  'leakwatch.slope': ['ObservableGauge', 'By/s', 'Growth of the baseline: Theil-Sen slope'],
  'leakwatch.slope_contexts': ['ObservableGauge', '{context}/s', 'Growth of the number of native contexts'],
  'leakwatch.confidence': ['ObservableGauge', '1', 'Confidence that the channel rises at all, 0 to 1'],
  'leakwatch.time_to_limit': ['ObservableGauge', 's', 'Until the limit is reached at this rate; no point where it is not'],
  'leakwatch.heap_limit': ['ObservableGauge', 'By', "V8's limit of the heap"],
  'leakwatch.snapshots': ['ObservableCounter', '{snapshot}', 'Heap snapshots asked for, by what became of them'],
};

/** Names of the semantic conventions, at this moment rather than after a GC. */
const CONVENTIONS = {
  'v8js.memory.heap.used': ['ObservableUpDownCounter', 'By', 'Heap memory size allocated'],
  'v8js.memory.heap.space.size': ['ObservableUpDownCounter', 'By', 'Total heap memory size pre-allocated for a heap space'],
  'v8js.memory.heap.space.available_size': ['ObservableUpDownCounter', 'By', 'Heap space available size'],
  'v8js.memory.heap.space.physical_size': ['ObservableUpDownCounter', 'By', 'Committed size of a heap space'],
  'process.memory.usage': ['ObservableUpDownCounter', 'By', 'The amount of physical memory in use'],
};

class Exporter {
  constructor(meter, { conventions = true, appVersion }) {
    this._meter = meter;
    this._info = buildInfo(appVersion);
    this._conventions = conventions;
    this._told = {};
    this._instruments = {};
    const table = conventions ? { ...OWN, ...CONVENTIONS } : OWN;
    for (const name of Object.keys(table)) {
      const [kind, unit, description] = table[name];
      this._instruments[name] = meter[`create${kind}`](name, { unit, description });
    }
    this._gc =
      conventions &&
      meter.createHistogram('v8js.gc.duration', {
        unit: 's',
        description: 'Garbage collection duration',
        advice: { explicitBucketBoundaries: GC_BOUNDARIES },
      });
    this._callback = (result) => this._observe(result);
    meter.addBatchObservableCallback(this._callback, this._all());
  }

  _all() {
    return Object.keys(this._instruments).map((name) => this._instruments[name]);
  }

  _observe(result) {
    const tell = (name, value, attributes) => {
      if (value !== null && value !== undefined) result.observe(this._instruments[name], value, attributes);
    };
    const now = sample();
    this._state(tell, now);
    this._trend(tell, now);
    if (!this._conventions) return;
    this._pauses(now.pauses.types);
    for (const { name, used, size, available, physical } of heapSpaces()) {
      const space = { 'v8js.heap.space.name': name };
      tell('v8js.memory.heap.used', used, space);
      tell('v8js.memory.heap.space.size', size, space);
      tell('v8js.memory.heap.space.available_size', available, space);
      tell('v8js.memory.heap.space.physical_size', physical, space);
    }
    tell('process.memory.usage', process.memoryUsage().rss);
  }

  _state(tell, { watching, baselines, newest, heapLimit, snapshots }) {
    tell('leakwatch.build_info', 1, this._info);
    tell('leakwatch.watching', watching ? 1 : 0);
    tell('leakwatch.baselines', baselines);
    tell('leakwatch.heap_limit', heapLimit);
    for (const outcome of Object.keys(snapshots)) tell('leakwatch.snapshots', snapshots[outcome], { outcome });
    if (!newest) return;
    for (const [channel, field] of SIZES) tell('leakwatch.baseline', newest[field], { channel });
    tell('leakwatch.baseline_timestamp', newest.time / 1000);
    tell('leakwatch.contexts', newest.nativeContexts, { state: 'native' });
    tell('leakwatch.contexts', newest.detachedContexts, { state: 'detached' });
    tell('leakwatch.global_handles', newest.globalHandles);
  }

  _trend(tell, { channels, timesToLimit }) {
    for (const channel of Object.keys(channels)) {
      const { verdict, perSecond, confidence } = channels[channel];
      for (const each of VERDICTS) tell('leakwatch.verdict', each === verdict ? 1 : 0, { channel, verdict: each });
      if (channel === 'contexts') tell('leakwatch.slope_contexts', perSecond);
      else tell('leakwatch.slope', perSecond, { channel });
      tell('leakwatch.confidence', confidence, { channel });
      if (channel in timesToLimit) tell('leakwatch.time_to_limit', timesToLimit[channel] / 1000, { channel });
    }
  }

  /**
   * Histograms have no callbacks, but what is recorded in one is part of the same
   * collection. Each pause is recorded once, at the mean of those of its kind and
   * bucket since the last time: counts and sums are exact.
   */
  _pauses(types) {
    for (const type of Object.keys(types)) {
      const { counts, sums } = types[type];
      const told = this._told[type] || { counts: [], sums: [] };
      const attributes = { 'v8js.gc.type': type };
      counts.forEach((count, at) => {
        const news = count - (told.counts[at] || 0);
        const mean = (sums[at] - (told.sums[at] || 0)) / news;
        for (let i = 0; i < news; i++) this._gc.record(mean, attributes);
      });
      this._told[type] = { counts, sums };
    }
  }

  /** Ends the observing; watching goes on. */
  stop() {
    this._meter.removeBatchObservableCallback(this._callback, this._all());
    exporters.delete(this._provider);
  }
}

function theProvider(given, api) {
  if (given === undefined) return api.metrics.getMeterProvider();
  if (given !== null && typeof given === 'object' && typeof given.getMeter === 'function') return given;
  throw invalid('meterProvider', `must be a MeterProvider, not ${options.show(given)}`);
}

function theApi(given) {
  const api = (given === undefined ? peer.load('@opentelemetry/api', 'api') : given) || {};
  if (api.metrics && typeof api.metrics.getMeterProvider === 'function' && typeof api.createNoopMeter === 'function') return api;
  throw invalid('api', "must be require('@opentelemetry/api'), version 1.3 or later: it has no metrics");
}

/** Observes leakwatch's metrics; again with the same provider, the same exporter. */
function exportMetrics(given) {
  const checked = options.openTelemetry(given);
  const api = checked.meterProvider === undefined || checked.api !== undefined ? theApi(checked.api) : null;
  const provider = theProvider(checked.meterProvider, api);
  if (exporters.has(provider)) return exporters.get(provider);
  const meter = provider.getMeter('leakwatch', version);
  if (api && meter === api.createNoopMeter()) {
    throw new LeakwatchError(
      'ERR_LEAKWATCH_NO_METER_PROVIDER',
      'OpenTelemetry has no meter provider yet, so nothing would be exported: set up the SDK first ' +
        '(metrics.setGlobalMeterProvider), or hand one over: exportMetrics({ meterProvider })'
    );
  }
  const exporter = new Exporter(meter, checked);
  exporter._provider = provider;
  exporters.set(provider, exporter);
  if (checked.watch !== false && !host.native.isWatching()) start();
  return exporter;
}

module.exports = { OWN, exportMetrics };
