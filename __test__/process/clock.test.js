'use strict';
// The wall clock is set while a program is watched, as an administrator or a bad time server does: for everything in the
// process, the addon too, not for JavaScript alone.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { ROOT, files, folder, passes, preloaded, text } = require('./helper');
const { readRuns } = require(path.join(ROOT, 'lib', 'history', 'reader.js'));

const linux = process.platform === 'linux' ? {} : { skip: 'the clock is set by LD_PRELOAD' };
const DAY = 86400;

/** The environment of a program whose clock follows a file. */
function settable(t) {
  const library = preloaded(t, 'clock');
  const file = path.join(path.dirname(library), 'offset');
  fs.writeFileSync(file, Buffer.alloc(8));
  return { LD_PRELOAD: library, LEAKWATCH_CLOCK: file };
}

const SET = `
  const set = (seconds) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds));
    fs.writeFileSync(process.env.LEAKWATCH_CLOCK, bytes, { flag: 'r+' });
  };
  const before = Date.now();
  set(${DAY});
  assert.ok(Date.now() - before > ${DAY * 900}, 'the clock can be set');
  set(0);`;

test('baselines, verdict, history and exporter stand while the clock goes a day ahead and a week back', linux, async (t) => {
  const where = path.join(folder(t), 'history');
  await passes(`
    ${SET}
    const kept = [];
    const watch = leakwatch.start();
    for (let i = 0; i < 25; i++) {
      if (i === 10) set(${DAY});
      if (i === 18) set(${-7 * DAY});
      kept.push(new Array(1e5).fill(i + 0.5));
      leakwatch.tick();
    }
    const { verdict, timeToLimitMs, bytesPerSecond } = leakwatch.trend();
    assert.strictEqual(verdict, 'leaking');
    assert.ok(timeToLimitMs > 0 && timeToLimitMs < 36e5, String(timeToLimitMs));
    assert.ok(bytesPerSecond > 0);
    const { baselines, gcs } = leakwatch.history();
    const rises = (times) => times.every((time, at) => at === 0 || time >= times[at - 1]);
    assert.ok(rises(baselines.map(({ time }) => time)), 'baselines are in order');
    assert.ok(rises(gcs.map(({ start }) => start)), 'so are GCs');
    assert.ok(gcs.every(({ duration }) => duration >= 0 && duration < 6e4), 'no pause lasts a day');
    assert.strictEqual(kept.length, 25);
  `, { args: ['--require', path.join(ROOT, 'register.js')], env: { ...settable(t), LEAKWATCH_HISTORY: `${where}${path.sep}`, LEAKWATCH_REPORT: 'off' } });
  assert.strictEqual(files(where).length, 1);
  const [recorded] = readRuns([where]);
  assert.strictEqual(recorded.lost, 0);
  assert.strictEqual(recorded.baselines.length, 25);
  const { time: last } = recorded.baselines[24];
  for (const { time } of [recorded.end, recorded.trend]) assert.ok(time >= last && time < last + DAY * 500, text(recorded.end));
});

test('collections are written down while the clock stands before their time', linux, async (t) => {
  const where = path.join(folder(t), 'history');
  await passes(`
    ${SET}
    set(${-7 * DAY});
    const written = () => fs.readdirSync(${text(where)}).some((name) => fs.readFileSync(path.join(${text(where)}, name), 'utf8').includes('"type":"gc"'));
    const busy = setInterval(() => churn(), 50);
    wait(written).then(() => clearInterval(busy));
  `, { args: ['--require', path.join(ROOT, 'register.js')], env: { ...settable(t), LEAKWATCH_HISTORY: `${where}${path.sep}`, LEAKWATCH_REPORT: 'off' } });
});
