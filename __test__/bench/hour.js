'use strict';
// Steady load on a clean service, watched through natural GCs: no alarm, and no memory of our own.
//
//   LEAKWATCH_BENCH_MINUTES=10 npm run bench -- hour

const autocannon = require('autocannon');
const http = require('http');
const { message, start } = require('./support/child');
const { number } = require('./support/table');

const MINUTES = Number(process.env.LEAKWATCH_BENCH_MINUTES) || 60;
const RATE = 80;
const EVERY_MS = 15000;
const VARIANTS = ['leakwatch', 'plain'];

function scrape(port) {
  return new Promise((resolve, reject) => {
    const get = http.get({ host: '127.0.0.1', port, path: '/metrics' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => resolve(text));
    });
    get.on('error', reject);
  });
}

function ask(server, what) {
  const answer = message(server, what);
  server.send(what);
  return answer;
}

/** The channels that are called leaking in a scrape. */
function leaking(text) {
  return Array.from(text.matchAll(/leakwatch_verdict\{channel="(\w+)",verdict="leaking"\} 1/g), ([, channel]) => channel);
}

async function bench({ log }) {
  const servers = {};
  const loads = [];
  const seen = { scrapes: 0, alarms: 0, verdicts: {} };
  // Small, as containers are: full GCs come of themselves.
  for (const variant of VARIANTS) servers[variant] = start('service', { variant }, { flags: ['--max-old-space-size=96'] });
  const begun = Date.now();
  let last;
  try {
    const ports = {};
    for (const variant of VARIANTS) {
      ports[variant] = await message(servers[variant], 'listening');
      const url = `http://127.0.0.1:${ports[variant]}/session`;
      loads.push(autocannon({ url, connections: 4, overallRate: RATE, duration: MINUTES * 60 + 60 }));
    }
    while (Date.now() - begun < MINUTES * 60000) {
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      const found = leaking(await scrape(ports.leakwatch));
      seen.scrapes += 1;
      if (found.length > 0) seen.alarms += 1;
      last = { plain: await ask(servers.plain, 'figures'), leakwatch: await ask(servers.leakwatch, 'figures') };
      const { baselines, trend } = await ask(servers.leakwatch, 'state');
      const { verdict, reason } = trend;
      last.baselines = baselines;
      seen.verdicts[verdict] = (seen.verdicts[verdict] || 0) + 1;
      if (verdict === 'leaking') seen.reason = reason;
      log(`minute ${((Date.now() - begun) / 60000).toFixed(1)}: ${verdict}, ${baselines} baselines`);
    }
  } finally {
    for (const load of loads) load.stop();
    for (const variant of VARIANTS) servers[variant].kill();
  }
  const row = (variant) => {
    const { requests, rss, cpu } = last[variant];
    return [variant, number(requests, 0), number(rss / 1e6, 1), number(cpu / 1e6, 1)];
  };
  const verdicts = Object.keys(seen.verdicts).map((verdict) => `${verdict} ${seen.verdicts[verdict]}`);
  return {
    tables: [{ head: ['', 'requests', 'RSS in MB at the end', 'CPU seconds'], rows: VARIANTS.map(row) }],
    targets: [{ what: 'scrapes that show an alarm', value: seen.alarms, digits: 0, most: 0 }],
    notes: [
      `${number((Date.now() - begun) / 60000, 1)} minutes at ${RATE} requests a second, ${seen.scrapes} scrapes, ` +
        `${last.baselines} natural baselines; verdicts: ${verdicts.join(', ')}.${seen.reason ? ` ${seen.reason}` : ''}`,
    ],
  };
}

module.exports = { title: `Steady load on a clean service for ${MINUTES} minutes`, bench };
