'use strict';
// A real Prometheus server with the rules as they ship, over real processes.

const assert = require('assert');
const { after, before, describe, it } = require('node:test');
const { expressions, read } = require('./support/dashboard');
const { Prometheus, until } = require('./support/server');
const { Service } = require('./support/service');

/** Far above what it takes: only so that what hangs ends some day. */
const timeout = 5 * 60 * 1000;
const EVERY = 500;
/** A megabyte leaked for each baseline fills this in a quarter of an hour, at best. */
const flags = ['--max-old-space-size=1024'];
const FLEET = {
  // One instance leaks.
  shop: [
    { version: '1.0.0' },
    { version: '1.0.0', leaks: true },
    { version: '1.0.0' },
    { version: '1.0.0' },
  ],
  // The new version leaks, wherever it runs.
  cart: [
    { version: '2.0.0' },
    { version: '2.1.0', leaks: true },
    { version: '2.1.0', leaks: true },
  ],
};

describe('a fleet that a real Prometheus server watches', { timeout }, () => {
  const services = {};
  let prometheus;

  before(async () => {
    for (const job of Object.keys(FLEET)) {
      services[job] = await Promise.all(FLEET[job].map((options) => Service.start({ ...options, flags, forceGcEvery: EVERY })));
    }
    const ports = (job) => services[job].map(({ port }) => port);
    prometheus = await Prometheus.start({ shop: ports('shop'), cart: ports('cart') });
  }, { timeout });

  after(async () => {
    if (prometheus) await prometheus.stop();
    await Promise.all(Object.values(services).flat().map((service) => service.stop()));
  });

  const leaky = (job) => services[job].filter(({ options }) => options.leaks).map(({ instance }) => instance).sort();
  const instances = (alerts, job) => alerts.filter(({ labels }) => labels.job === job).map(({ labels }) => labels.instance).sort();

  it('scrapes every process', async () => {
    const all = Object.values(services).flat().length;
    await until(async () => (await prometheus.query('up == 1')).length === all);
    const [{ value }] = await prometheus.query('count(leakwatch_build_info)');
    assert.strictEqual(Number(value[1]), all);
  });

  it('tells of the leak on the one instance that leaks, and of no other', async () => {
    const alerts = await until(async () => {
      const firing = await prometheus.firing('LeakwatchLeak');
      return instances(firing, 'shop').length > 0 && instances(firing, 'cart').length >= 2 && firing;
    });
    assert.deepStrictEqual(instances(alerts, 'shop'), leaky('shop'));
    assert.deepStrictEqual(instances(alerts, 'cart'), leaky('cart'));
    const [alert] = alerts.filter(({ labels }) => labels.job === 'shop');
    assert.strictEqual(alert.annotations.summary, `${leaky('shop')[0]} of shop leaks memory`);
  });

  it('the others have a verdict as well, and it is none', async () => {
    // Silence would prove nothing while they were not judged yet.
    const clean = Object.values(services).flat().filter(({ options }) => !options.leaks).length;
    const judged = 'leakwatch_verdict{channel="heap", verdict="insufficient"} == 0';
    const found = await until(async () => {
      const rows = await prometheus.query(`${judged} unless on (instance) leakwatch_verdict{verdict="leaking"} == 1`);
      return rows.length >= clean && rows;
    });
    assert.strictEqual(found.length, clean);
    assert.deepStrictEqual(instances(await prometheus.firing('LeakwatchLeak'), 'shop'), leaky('shop'));
  });

  it('tells of the limit that is near, where it is', async () => {
    const alerts = await until(async () => {
      const firing = await prometheus.firing('LeakwatchLimitNear');
      return firing.length >= 3 && firing;
    });
    assert.deepStrictEqual(instances(alerts, 'shop'), leaky('shop'));
    assert.match(alerts[0].annotations.summary, /reaches its memory limit in \d/);
  });

  it('tells of the version that the leak came with', async () => {
    const [alert, ...more] = await until(async () => {
      const firing = await prometheus.firing('LeakwatchLeakCameWithVersion');
      return firing.length > 0 && firing;
    });
    assert.deepStrictEqual(more, []);
    assert.deepStrictEqual([alert.labels.job, alert.labels.app_version], ['cart', '2.1.0']);
  });

  it('gives every panel of the dashboard something to show', async () => {
    for (const { title, expression } of expressions(read())) {
      const rows = await until(() => prometheus.query(expression).then((found) => found.length > 0 && found));
      for (const { value } of rows) assert.ok(!Number.isNaN(Number(value[1])) || title === 'Longest pauses', `${title}: ${expression}`);
    }
  });

  it('loses no pause between scrapes', async () => {
    // Each baseline is a full GC at least.
    const [row] = await prometheus.query('min(leakwatch_gc_duration_seconds_count{type="major"} - on (job, instance) leakwatch_baselines_total)');
    assert.ok(Number(row.value[1]) >= 0, JSON.stringify(row));
  });

  it('has few series for each process', async () => {
    const rows = await prometheus.query('count by (job, instance) ({__name__=~"leakwatch_.*"})');
    for (const { value } of rows) assert.ok(Number(value[1]) <= 100, `${value[1]} series`);
  });
});
