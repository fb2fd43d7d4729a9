'use strict';
// The OpenTelemetry collector's example: well-formed, wired up, and with keys that its components have.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const yaml = require('js-yaml');

const FILE = path.join(__dirname, '..', '..', 'ops', 'opentelemetry', 'collector.yml');

/** Settings of the components in use, from their config.go; those that hold settings themselves with theirs. */
const SETTINGS = {
  receivers: { otlp: { protocols: { grpc: { endpoint: String }, http: { endpoint: String } } } },
  processors: {
    memory_limiter: { check_interval: String, limit_percentage: Number, spike_limit_percentage: Number },
    batch: { timeout: String, send_batch_size: Number },
  },
  exporters: { prometheus: { endpoint: String, translation_strategy: String, metric_expiration: String } },
};

function mismatch(known, given, where) {
  if (typeof known === 'function') return typeof given === known.name.toLowerCase() ? null : `${where} must be a ${known.name}`;
  for (const key of Object.keys(given)) {
    if (!(key in known)) return `${where} has no ${key}`;
    const found = mismatch(known[key], given[key], `${where}.${key}`);
    if (found) return found;
  }
  return null;
}

const config = yaml.load(fs.readFileSync(FILE, 'utf8'));

test('every component has known settings, and is used', () => {
  for (const kind of Object.keys(SETTINGS)) {
    assert.strictEqual(mismatch(SETTINGS[kind], config[kind], kind), null);
    const used = Object.values(config.service.pipelines).flatMap((pipeline) => pipeline[kind]);
    assert.deepStrictEqual(Object.keys(config[kind]).sort(), [...new Set(used)].sort(), kind);
  }
  assert.deepStrictEqual(Object.keys(config).sort(), ['exporters', 'processors', 'receivers', 'service']);
});

test('memory is limited before anything else is done, and batches come last', () => {
  assert.deepStrictEqual(config.service.pipelines.metrics.processors, ['memory_limiter', 'batch']);
});

test('nothing listens to the world', () => {
  for (const [, address] of fs.readFileSync(FILE, 'utf8').matchAll(/endpoint: (\S+)/g)) assert.match(address, /^127\.0\.0\.1:\d+$/);
});

/** OpenTelemetry's rules for names in Prometheus, as far as our metrics need them. */
function prometheusName(name, unit, kind) {
  const WORDS = { By: 'bytes', s: 'seconds', 'By/s': 'bytes_per_second', '{context}/s': 'per_second' };
  let result = name.replace(/\./g, '_');
  const word = WORDS[unit] || '';
  if (word && !result.endsWith(`_${word}`)) result += `_${word}`;
  if (kind === 'ObservableCounter') result += '_total';
  else if (unit === '1') result += '_ratio';
  return result;
}

test('its names are those that leakwatch/prometheus has, so that one set of rules serves both', () => {
  const { OWN } = require('../../lib/opentelemetry');
  const { families } = require('../../lib/prometheus-families');
  const ours = families().map(({ name }) => name).filter((name) => name !== 'leakwatch_gc_duration_seconds');
  const theirs = Object.keys(OWN).map((name) => prometheusName(name, OWN[name][1], OWN[name][0]));
  assert.deepStrictEqual(theirs.sort(), ours.sort());
});
