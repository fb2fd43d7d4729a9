'use strict';
// leakwatch in Prometheus, through prom-client: figures are read when they are
// scraped, and nothing is done in between.

const options = require('./options');
const peer = require('./peer');
const { families } = require('./prometheus-families');
const { sample } = require('./sample');
const { start } = require('./watch');
const { LeakwatchError, invalid } = require('./error');
const host = require('./host');

/** Marks metrics as ours, whichever load of this file made them. */
const EXPORTER = Symbol.for('leakwatch.prometheus');
const METHODS = ['registerMetric', 'getSingleMetric', 'removeSingleMetric', 'metrics'];

function isRegistry(value) {
  return value !== null && typeof value === 'object' && METHODS.every((name) => typeof value[name] === 'function');
}

/** The registry asked for, or prom-client's default one. */
function theRegistry({ registry, client }) {
  if (registry !== undefined) {
    if (isRegistry(registry)) return registry;
    throw invalid('registry', `must be a Registry of prom-client, not ${options.show(registry)}`);
  }
  const found = (client === undefined ? peer.load('prom-client', 'client') : client) || {};
  if (isRegistry(found.register)) return found.register;
  throw invalid('client', "must be require('prom-client'), version 14 or later: it has no default registry");
}

/**
 * One sample for all families of a scrape: a registry asks them all in the same
 * turn, and what is asked later is read anew.
 */
function once(read) {
  let current = null;
  return () => {
    if (current === null) {
      current = read();
      Promise.resolve().then(() => {
        current = null;
      });
    }
    return current;
  };
}

/** A family in the shape that prom-client's registries keep. */
class Metric {
  constructor(family, read) {
    this.name = family.name;
    Object.defineProperty(this, 'key', { value: family.name });
    this.help = family.help;
    this.type = family.type;
    this.aggregator = family.aggregator;
    this.labelNames = family.labelNames;
    Object.defineProperty(this, '_values', { value: () => family.values(read()) });
  }

  // The name is looked up each time: OpenMetrics registries take `_total` off.
  async get() {
    const { help, name, type, aggregator } = this;
    const suffixed = ({ suffix, labels, value }) =>
      suffix ? { labels, value, metricName: `${name}_${suffix}` } : { labels, value };
    return { help, name, type, values: this._values().map(suffixed), aggregator };
  }

  /** Tests of applications reset their registries; what V8 did is not undone by that. */
  reset() {}
}

class Exporter {
  constructor(registry, given) {
    this.registry = registry;
    const read = once(sample);
    this._metrics = families(given).map((family) => new Metric(family, read));
    for (const metric of this._metrics) Object.defineProperty(metric, EXPORTER, { value: this });
  }

  _add() {
    for (const { name } of this._metrics) {
      if (!this.registry.getSingleMetric(name)) continue;
      throw new LeakwatchError(
        'ERR_LEAKWATCH_NAME_TAKEN',
        `the registry has a metric named ${name} already, which is not leakwatch's; remove it, or hand over another registry`,
        { metric: name }
      );
    }
    for (const metric of this._metrics) this.registry.registerMetric(metric);
  }

  /** Takes the metrics out of the registry; watching goes on. */
  stop() {
    for (const metric of this._metrics) {
      if (this.registry.getSingleMetric(metric.key) === metric) this.registry.removeSingleMetric(metric.key);
    }
  }
}

/** Registers leakwatch's metrics; again with the same registry, the same exporter. */
function exportMetrics(given) {
  const checked = options.prometheus(given);
  const registry = theRegistry(checked);
  const exporter = new Exporter(registry, checked);
  const there = exporter._metrics.map(({ name }) => registry.getSingleMetric(name)).find((metric) => metric && metric[EXPORTER]);
  if (there) return there[EXPORTER];
  exporter._add();
  if (checked.watch !== false && !host.native.isWatching()) start();
  return exporter;
}

module.exports = { exportMetrics };
