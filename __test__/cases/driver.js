'use strict';

// Runs one case: a small program that leaks, or one that only looks as if it did. Every case is run by hand like this:
//
//   node __test__/cases/leaks/vm-console.js [--natural] [--rounds=N] [--json]
//
// By default a full GC is forced after each round, so each round gives one baseline. With --natural nothing is forced:
// the program runs with traffic beside it until V8 has collected by itself often enough. LEAKWATCH_MODULE names
// another build of leakwatch to judge with.

const traffic = require('./traffic');

const turn = () => new Promise((resolve) => setImmediate(resolve));

function parse(argv) {
  const rounds = argv.find((arg) => arg.startsWith('--rounds='));
  return {
    natural: argv.includes('--natural'),
    json: argv.includes('--json'),
    rounds: rounds ? Number(rounds.slice('--rounds='.length)) : 0,
  };
}

function compare(a, b) {
  const [x, y] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < 3; i += 1) {
    const difference = (x[i] || 0) - (y[i] || 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether `version` satisfies every comparator of `range`, as in `>=12.17 <20`. No range allows every version. */
function satisfies(version, range) {
  return (range || '').split(' ').filter(Boolean).every((comparator) => {
    const [, operator, bound] = /^(>=|<)(\d[\d.]*)$/.exec(comparator);
    const difference = compare(version, bound);
    return operator === '<' ? difference < 0 : difference >= 0;
  });
}

/** Whether the case leaks on this version: `leaks` may be 'by version', and then `leaksOn` is the range where it does. */
function leaksOn(test, version) {
  return test.leaks === 'by version' ? satisfies(version, test.leaksOn) : test.leaks;
}

// Growth as a plain difference over the later two thirds: evidence beside the verdict, and no judgement in itself.
function growth(baselines, key) {
  const from = baselines[Math.floor(baselines.length / 3)];
  const to = baselines[baselines.length - 1];
  return from && to !== from ? Math.round((to[key] - from[key]) / (to.index - from.index) * 100) / 100 : null;
}

async function forced(leakwatch, test, rounds) {
  const baselines = [];
  for (let i = 0; i < rounds; i += 1) {
    await test.round(i, rounds);
    baselines.push(await leakwatch.promises.tick());
  }
  return baselines;
}

/**
 * V8 decides how many full GCs the rounds are worth, so a leak gets up to three times as many: what matters is that it is found,
 * as the 'leak' event finds it, not in which of them. What does not leak is judged by where it stands at the end.
 */
async function natural(leakwatch, test, rounds) {
  traffic.warmUp();
  leakwatch.start();
  const seeks = leaksOn(test, process.versions.node);
  const most = seeks ? MORE * rounds : rounds;
  for (let i = 0; i < most; i += 1) {
    await test.round(i, rounds);
    traffic.serve();
    await turn();
    if (seeks && i % LOOK_EVERY === 0 && leakwatch.trend().verdict === 'leaking') break;
  }
  return leakwatch.history().baselines;
}

const MORE = 3;
const LOOK_EVERY = 20;

async function judge(test, rounds, mode) {
  const leakwatch = require(process.env.LEAKWATCH_MODULE || '../..');
  if (test.setup) await test.setup(rounds);
  const baselines = await (mode === 'natural' ? natural : forced)(leakwatch, test, rounds);
  const trend = leakwatch.trend();
  if (mode === 'natural') leakwatch.stop();
  if (test.teardown) await test.teardown();
  return { baselines, trend };
}

async function measure(test, options) {
  const mode = options.natural ? 'natural' : 'forced';
  const defaults = options.natural ? test.naturalRounds || 1000 : test.rounds || 30;
  const rounds = options.rounds || defaults;
  const before = process.cpuUsage();
  // A case that another program drives (Jest) has its own way to a trend.
  const { baselines, trend } = await (test.judge ? test.judge(rounds) : judge(test, rounds, mode));
  const { verdict, channel, reason, bytesPerTick, ticks } = trend;
  const cpu = process.cpuUsage(before);
  const perTick = {};
  for (const key of ['heapUsed', 'external', 'arrayBuffers', 'nativeContexts']) perTick[key] = growth(baselines, key);
  return {
    mode, rounds, verdict, channel, reason, bytesPerTick, ticks, perTick,
    baselines: baselines.length, last: baselines[baselines.length - 1],
    cpuMs: Math.round((cpu.user + cpu.system) / 1000),
  };
}

function text(result) {
  if (!result.applicable) return `${result.name}: not applicable on Node ${result.node}, needs ${result.needs}\n`;
  const expected = result.leaks ? 'leaks' : 'does not leak';
  return `${result.name} (${expected} on Node ${result.node}), ${result.mode}, ${result.rounds} rounds, `
    + `${result.ticks} baselines\n${result.verdict} [${result.channel}] ${result.bytesPerTick} bytes per tick\n`
    + `${result.reason}\nlater two thirds, per baseline: ${JSON.stringify(result.perTick)}\n`;
}

/** Runs the case as the command line asks, and prints the verdict. It fails only if the case itself throws. */
async function run(test, argv) {
  const options = parse(argv || process.argv.slice(2));
  const node = process.versions.node;
  const result = {
    name: test.name, node, applicable: satisfies(node, test.node), needs: test.node, leaks: leaksOn(test, node), expect: test.channel,
  };
  if (result.applicable) Object.assign(result, await measure(test, options));
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : text(result));
}

function main(test) {
  run(test).catch((error) => {
    process.stderr.write(`${test.name}: ${error.stack}\n`);
    process.exitCode = 1;
  });
}

module.exports = { main, satisfies, leaksOn, turn };
