'use strict';
// What an analysis costs beside the others: a load to retained sizes and classes, and a pair to ranked suspects.
//
//   LEAKWATCH_BENCH_SCALES=1,7,34 npm run bench -- analysis     about 50 MB, 300 MB and 1.5 GB (needs 24 GB of memory)
//   LEAKWATCH_BENCH_SNAPSHOTS=folder                            keeps the snapshots there, for the next run

const { spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { find } = require('./support/nodes');
const { median } = require('./support/statistics');
const { number } = require('./support/table');

const ROOT = path.join(__dirname, '..', '..');
const HERE = path.join(__dirname, 'analysis');
const SCALES = (process.env.LEAKWATCH_BENCH_SCALES || '1,7').split(',').map(Number);
/** Runs of ours for each of the others', which take minutes at the largest scale. */
const ROUNDS = Number(process.env.LEAKWATCH_BENCH_ROUNDS || 3);
const MOST_SECONDS = 1800;
/** DevTools' code uses what came with Node 22; both of the tools in JavaScript get the same. */
const NODE_FOR_PEERS = '24.21.0';

function command(file, args, options) {
  const done = spawnSync(file, args, Object.assign({ encoding: 'utf8', maxBuffer: 1 << 28 }, options));
  if (done.status !== 0) throw new Error(`${path.basename(file)} ${args[0]}: ${done.stderr || done.error || done.signal}`);
  return done.stdout;
}

/** Builds a Rust program and says where it is. */
function cargo(args, folder, name) {
  const out = command('cargo', ['build', '--release', '--message-format=json', ...args], { cwd: folder });
  const made = out.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  return made.find((message) => message.executable && message.target.name === name).executable;
}

function install() {
  if (fs.existsSync(path.join(HERE, 'node_modules', 'memlab'))) return;
  const env = Object.assign({ PUPPETEER_SKIP_DOWNLOAD: '1' }, process.env);
  command('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: HERE, env });
}

/** The pair of a scale; written by this Node where it is not there yet. */
function pair(folder, scale) {
  const files = [1, 2].map((index) => path.join(folder, `${scale}-${index}.heapsnapshot`));
  if (!files.every((file) => fs.existsSync(file))) {
    const memory = `--max-old-space-size=${Math.round(1000 + scale * 250)}`;
    command(process.execPath, [memory, path.join(HERE, 'generate.js'), String(scale), folder, String(scale)], { cwd: HERE });
  }
  return files;
}

/** One run of a tool: CPU seconds of all its threads, seconds of wall time, bytes of memory at its peak. */
function run(file, args, env) {
  const options = { cwd: HERE, env: Object.assign({}, process.env, env), timeout: MOST_SECONDS * 1000, killSignal: 'SIGKILL' };
  const lines = command(file, args, options).trim().split('\n');
  return JSON.parse(lines[lines.length - 1]);
}

async function tools() {
  const engine = cargo(['--example', 'engine'], ROOT, 'engine');
  const parser = cargo(['--locked'], path.join(HERE, 'v8_heap_parser'), 'bench-v8-heap-parser');
  const ours = (threads) => (what, files) => run(engine, ['cost', what, ...files], { ENGINE_THREADS: String(threads) });
  const binary = await find(NODE_FOR_PEERS);
  if (!binary) process.stderr.write(`no Node ${NODE_FOR_PEERS}: memlab and DevTools run on this one\n`);
  // Eight gigabytes and more of JavaScript heap at 1.5 GB of snapshot.
  const node = (tool) => (_, files) => run(binary || process.execPath, ['--max-old-space-size=16000', 'peer.mjs', tool, ...files]);
  return {
    'leakwatch, one thread': ours(1),
    'leakwatch, two threads': ours(2),
    'v8-heap-parser 1.1.0': (what, files) => (what === 'load' ? run(parser, files) : null),
    'memlab 2.0.5': node('memlab'),
    'DevTools': node('devtools'),
  };
}

function measure(tool, what, files, rounds) {
  const runs = [];
  for (let round = 0; round < rounds; round++) {
    try {
      runs.push(tool(what, files));
    } catch (error) {
      process.stderr.write(`${error.message.slice(0, 500)}\n`);
      return null;
    }
    if (runs[0] === null) return null;
  }
  const of = (field) => median(runs.map((one) => one[field]));
  return { cpu: of('cpu'), wall: of('wall'), rss: of('rss'), nodes: runs[0].nodes, edges: runs[0].edges };
}

function row(name, cost, ours, bytes) {
  if (!cost) return [name, null, null, null, null];
  return [name, number(cost.cpu), number(cost.wall), number(cost.rss / bytes), number(cost.cpu / ours.cpu, 1)];
}

async function bench({ log }) {
  install();
  const all = await tools();
  const own = process.env.LEAKWATCH_BENCH_SNAPSHOTS;
  const folder = own || fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-bench-'));
  const tables = [];
  const targets = [];
  const perUnit = [];
  try {
    for (const scale of SCALES) {
      const files = pair(folder, scale);
      const bytes = fs.statSync(files[0]).size;
      const megabytes = Math.round(bytes / 1e6);
      const costs = {};
      for (const what of ['load', 'diff']) {
        costs[what] = {};
        for (const [name, tool] of Object.entries(all)) {
          log(`${megabytes} MB, ${what}, ${name}`);
          const rounds = name.startsWith('leakwatch') ? ROUNDS : Math.max(1, Math.floor(ROUNDS / (1 + scale / 4)));
          costs[what][name] = measure(tool, what, what === 'load' ? files.slice(0, 1) : files, rounds);
        }
      }
      const [load, diff] = [costs.load['leakwatch, one thread'], costs.diff['leakwatch, one thread']];
      for (const [what, ours, title] of [['load', load, 'a load to retained sizes and classes'], ['diff', diff, 'a pair to suspects']]) {
        tables.push({
          title: `${megabytes} MB: ${title}`,
          head: ['tool', 'CPU: s', 'wall: s', 'peak memory: × file', '× leakwatch'],
          rows: Object.entries(costs[what]).filter(([, cost]) => cost).map(([name, cost]) => row(name, cost, ours, bytes)),
        });
      }
      const others = (what) => Object.entries(costs[what]).filter(([name, cost]) => cost && !name.startsWith('leakwatch'));
      const fastest = (what) => Math.min(...others(what).map(([, cost]) => cost.cpu));
      perUnit.push(`${megabytes} MB: ${number((load.cpu * 1e9) / (load.nodes + load.edges), 1)} ns for each of ${number(load.nodes + load.edges, 0)} nodes and edges`);
      targets.push(
        { what: `${megabytes} MB: the fastest other load over ours`, value: fastest('load') / load.cpu, unit: '×', least: 12, digits: 1 },
        { what: `${megabytes} MB: peak memory of a load over the file`, value: load.rss / bytes, unit: '×', most: 1.5 },
        { what: `${megabytes} MB: a pair to suspects over one load`, value: diff.cpu / load.cpu, unit: '×', most: 2.5 },
        { what: `${megabytes} MB: the fastest other comparison over ours`, value: fastest('diff') / diff.cpu, unit: '×', least: 15, digits: 1 },
        { what: `${megabytes} MB: parsing, per second of CPU`, value: bytes / 1e9 / median(parsing(all, files)), unit: 'GB', least: 1.5 },
      );
    }
  } finally {
    if (!own) fs.rmSync(folder, { recursive: true, force: true });
  }
  return { tables, targets, notes: [`One thread: ${perUnit.join('; ')}.`] };
}

/** CPU seconds of reading and parsing alone. */
function parsing(all, files) {
  return Array.from({ length: ROUNDS }, () => all['leakwatch, one thread']('parse', files.slice(0, 1)).cpu);
}

module.exports = { title: 'Analysing snapshots', bench };
