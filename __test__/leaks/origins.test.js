'use strict';

// Where snapshots come from: five of one process, two of different processes and of different workers that run the same
// program, and V8's with its internals shown. What grows is found by how it is held, so it must be named alike.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { execFile } = require('child_process');
const { describe, it, before, after } = require('node:test');
const assert = require('node:assert');

const leakwatch = require('../..');

// Only so that a program that hangs ends some day.
const HANGS_AFTER_MS = 5 * 60 * 1000;

const PROGRAM = `
'use strict';
const { Worker, isMainThread, workerData } = require('worker_threads');
const inspector = require('inspector');
const fs = require('fs');
const leakwatch = require(${JSON.stringify(path.join(__dirname, '..', '..'))});

class Session {
  constructor(id) {
    this.id = id;
    this.payload = { user: 'user ' + id, roles: ['reader', 'team ' + id] };
  }
}
const sessions = new Map();
const log = (count) => {
  for (let i = 0; i < count; i++) sessions.set(sessions.size, new Session(sessions.size));
};

/** V8's own snapshot with its internals. */
function exposed(file) {
  const session = new inspector.Session();
  session.connect();
  const chunks = [];
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ params }) => chunks.push(params.chunk));
  session.post('HeapProfiler.takeHeapSnapshot', { exposeInternals: true }, (error) => {
    if (error) throw error;
  });
  session.disconnect();
  fs.writeFileSync(file, chunks.join(''));
}

const write = (file) => leakwatch.writeSnapshot(file, { force: true });
const snapshot = { plain: write, exposed };

/** counts: sessions added before each snapshot; how: the way they are taken. */
function run({ files, counts, how }) {
  counts.forEach((count, at) => {
    log(count);
    snapshot[how](files[at]);
  });
}

const job = isMainThread ? JSON.parse(process.argv[2]) : workerData;
if (isMainThread && job.worker) new Worker(__filename, { workerData: job }).on('error', (error) => { throw error; });
else run(job);
`;

describe('snapshots', () => {
  let folder;
  let program;

  before(() => {
    folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'leakwatch-origins-'));
    program = path.join(folder, 'program.js');
    fs.writeFileSync(program, PROGRAM);
  });

  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  /** Snapshots of a new process, or a worker in one. */
  function take(name, counts, { how = 'plain', worker = false } = {}) {
    const files = counts.map((_, at) => path.join(folder, `${name}-${at}.heapsnapshot`));
    return new Promise((resolve, reject) => {
      const job = JSON.stringify({ files, counts, how, worker });
      execFile(process.execPath, [program, job], { timeout: HANGS_AFTER_MS }, (error, _, stderr) => {
        if (error) reject(new Error(`${error.message}\n${stderr}`));
        else resolve(files);
      });
    });
  }

  /** Compares, and checks that the first suspect is the Map with `more` sessions. */
  async function namesTheMap(files, more) {
    const diff = await leakwatch.diff(files);
    const [suspect] = diff.suspects;
    const seen = diff.suspects.map(({ sentence }) => sentence).join('\n');
    assert.ok(suspect, 'no suspect');
    assert.ok(suspect.sentence.startsWith(`${more} more Session objects are kept by the Map in the variable sessions`), seen);
    assert.strictEqual(suspect.kind, 'map');
    assert.ok(diff.suspects.length <= 3, seen);
    assert.strictEqual(suspect.location.url, program);
    return diff;
  }

  it('five of one process', async () => {
    await namesTheMap(await take('five', [300, 300, 500, 200, 400]), '1,400');
  });

  it('of two processes that ran the same program', async () => {
    const [first] = await take('one', [300]);
    const [last] = await take('other', [1300]);
    const diff = await namesTheMap([first, last], '1,000');
    assert.ok(diff.suspects[0].share > 0.8, String(diff.suspects[0].share));
  });

  it('of two processes that hold as much', async () => {
    const [first] = await take('same', [300]);
    const [last] = await take('same again', [300]);
    const { suspects } = await leakwatch.diff([first, last]);
    assert.deepStrictEqual(suspects.map(({ sentence }) => sentence), []);
  });

  it('of two workers', async () => {
    const [first] = await take('worker', [300], { worker: true });
    const [last] = await take('other worker', [1300], { worker: true });
    await namesTheMap([first, last], '1,000');
  });

  it("with V8's internals shown", async () => {
    const files = await take('exposed', [300, 500, 500], { how: 'exposed' });
    await namesTheMap(files, '1,000');
  });

  it('with the same fingerprint wherever they come from', async () => {
    const found = [];
    for (const options of [{}, { worker: true }, { how: 'exposed' }]) {
      const { suspects } = await leakwatch.diff(await take('fingerprint', [300, 500], options));
      found.push(suspects[0].fingerprint);
    }
    assert.deepStrictEqual(found, [found[0], found[0], found[0]]);
  });
});
