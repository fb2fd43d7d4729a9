'use strict';
// A fleet of real processes under a real Prometheus server with the rules as they ship: what it costs, and whom it tells of.

const path = require('path');
const { install, ROOT } = require('../../scripts/setup');
const { median, quantile } = require('./support/statistics');
const { number } = require('./support/table');

const FLEET = path.join(ROOT, '__test__', 'fleet');
const PROCESSES = Number(process.env.LEAKWATCH_BENCH_PROCESSES) || 50;
/** Which of them leaks. */
const LEAKY = 7;
const AT_ONCE = 10;
const SCRAPE_SECONDS = 5;
const SCRAPES = 30;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function bench({ log }) {
  install(FLEET);
  const { Prometheus, get, until } = require(path.join(FLEET, 'support', 'server'));
  const { Service } = require(path.join(FLEET, 'support', 'service'));
  const services = [];
  let prometheus;
  try {
    const options = (at) => ({ version: '1.0.0', leaks: at === LEAKY, forceGcEvery: 4000, flags: ['--max-old-space-size=1024'] });
    while (services.length < PROCESSES) {
      log(`process ${services.length + 1} of ${PROCESSES}`);
      const next = Array.from({ length: Math.min(AT_ONCE, PROCESSES - services.length) }, (_, at) => options(services.length + at));
      services.push(...(await Promise.all(next.map((each) => Service.start(each)))));
    }
    const begun = Date.now();
    prometheus = await Prometheus.start({ shop: services.map(({ port }) => port) }, SCRAPE_SECONDS);
    const firing = await until(async () => {
      const alerts = await prometheus.firing('LeakwatchLeak');
      const judged = await prometheus.query('count(leakwatch_verdict{channel="heap", verdict="insufficient"} == 0)');
      log(`${((Date.now() - begun) / 1000).toFixed(0)} s: ${alerts.length} alerts, ${judged.length ? judged[0].value[1] : 0} judged`);
      return alerts.length > 0 && judged.length > 0 && Number(judged[0].value[1]) === PROCESSES && alerts;
    });
    const toAlert = (Date.now() - begun) / 1000;
    while (Date.now() - begun < SCRAPES * SCRAPE_SECONDS * 1000) await sleep(1000);
    const values = async (expression) => (await prometheus.query(expression)).map(({ value }) => Number(value[1]));
    const durations = await values('max_over_time(scrape_duration_seconds[1m])');
    const medians = await values('quantile_over_time(0.5, scrape_duration_seconds[2m])');
    const [series] = await values('count({__name__=~"leakwatch_.*"})');
    const [samples] = await values('max(scrape_samples_scraped)');
    const { body } = await get(services[0].port, '/');
    const own = await get(prometheus.port, '/metrics');
    const head = (name) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(own.body)[1]);
    const evaluation = /^prometheus_rule_group_last_duration_seconds\{rule_group="[^"]*;leakwatch.recording"\} (\S+)/m.exec(own.body);
    const last = await prometheus.firing('LeakwatchLeak');
    const called = await prometheus.query('leakwatch_verdict{verdict="leaking"} == 1');
    const which = called.map(({ metric }) => `${metric.instance} (${metric.channel})`);
    const [leaky] = services.filter(({ options }) => options.leaks);
    const others = new Set([...firing, ...last].map(({ labels }) => labels.instance).filter((instance) => instance !== leaky.instance));
    return {
      tables: [
        {
          head: ['', ''],
          rows: [
            ['processes, one of which leaks', number(PROCESSES, 0)],
            ['series of one process, and of all', `${number(samples, 0)}, ${number(series, 0)}`],
            ['bytes of one scrape', number(Buffer.byteLength(body), 0)],
            ['scrape, median and worst, ms', `${number(1000 * median(medians), 1)}, ${number(1000 * Math.max(...durations), 1)}`],
            ['scrape, 90 % of the worst of each process, ms', number(1000 * quantile(durations, 0.9), 1)],
            ['recording rules evaluated in ms', number(1000 * Number(evaluation[1]), 1)],
            ['memory of Prometheus, MB', number(head('process_resident_memory_bytes') / 1e6, 0)],
            ['first scrape to the alert, s', number(toAlert, 0)],
          ],
        },
      ],
      targets: [
        { what: 'alerts for the process that leaks', value: last.filter(({ labels }) => labels.instance === leaky.instance).length, digits: 0, least: 1 },
        { what: 'processes called leaking that do not leak', value: others.size, digits: 0, most: 0 },
      ],
      alerts: last,
      notes: [`Scraped every ${SCRAPE_SECONDS} s, a full GC forced every 4 s in each process. Leaks: ${leaky.instance}; called leaking: ${which.join(', ')}.`],
    };
  } finally {
    if (prometheus) await prometheus.stop();
    await Promise.all(services.map((service) => service.stop()));
  }
}

module.exports = { title: `A fleet of ${PROCESSES} processes`, bench };
