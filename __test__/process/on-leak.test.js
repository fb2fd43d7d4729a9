'use strict';
// onLeak: 'capture' in a server that leaks: the event names the leak, file and line included.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { FORK } = require('./copies');
const { ROOT, capabilities, files, folder, passes, text, wholeFiles } = require('./helper');

/** Keeps every request; asks itself until it is told to end. */
const SERVER = `'use strict';
const http = require('http');
class Visit {
  constructor(url) {
    this.url = url;
    this.body = new Array(500).fill(url.length);
  }
}
const visits = new Map();
const server = http.createServer((request, response) => {
  visits.set(visits.size, new Visit(request.url));
  response.end('ok');
});
const agent = new http.Agent({ keepAlive: true });
let ended = false;
function ask() {
  if (ended) return;
  const request = http.get({ port: server.address().port, agent, path: '/' + visits.size });
  request.on('response', (response) => response.resume().on('end', ask));
  // The last one is cut off.
  request.on('error', (error) => {
    if (!ended) throw error;
  });
}
server.listen(0, '127.0.0.1', ask);
exports.end = () => {
  ended = true;
  agent.destroy();
  server.close();
};
`;
const LINE = 4;

function serverIn(t) {
  const directory = folder(t);
  const file = path.join(directory, 'server.js');
  fs.writeFileSync(file, SERVER);
  return { directory, file };
}

test('start(): the event of a leaking server carries the suspect', async (t) => {
  const { directory, file } = serverIn(t);
  const { stdout } = await passes(
    `const watch = leakwatch.start({ onLeak: 'capture', forceGcEvery: 20 });
    const server = require(${text(file)});
    watch.on('error', (error) => { throw error; });
    watch.once('leak', (leak) => {
      console.log(JSON.stringify(leak));
      leakwatch.stop();
      server.end();
    });`,
    { cwd: directory }
  );
  const leak = JSON.parse(stdout);
  assert.strictEqual(leak.verdict, 'leaking');
  assert.strictEqual(leak.suspectsMissing, undefined);
  const [suspect] = leak.suspects;
  assert.deepStrictEqual([suspect.name, suspect.holder], ['Visit', 'the Map in the variable visits'], suspect.sentence);
  assert.deepStrictEqual([suspect.location.url, suspect.location.line], [file, LINE], suspect.sentence);
  assert.deepStrictEqual(files(directory), ['server.js'], 'no snapshot was asked for');
});

test('by variables alone: the suspect is said, and a snapshot written into snapshotDir', async (t) => {
  const { directory, file } = serverIn(t);
  const snapshots = path.join(directory, 'snapshots');
  fs.mkdirSync(snapshots);
  const { stderr } = await passes(
    `const server = require(${text(file)});
    leakwatch.start().once('snapshot', () => { leakwatch.stop(); server.end(); });`,
    {
      args: ['--require', path.join(ROOT, 'register.js')],
      env: { LEAKWATCH_ON_LEAK: 'capture', LEAKWATCH_FORCE_GC_EVERY: '20', LEAKWATCH_SNAPSHOT_DIR: snapshots },
    }
  );
  assert.match(stderr, /: leak: heap .*B per tick/);
  assert.match(stderr, /: suspect: [\d,]+ more Visit objects are kept by the Map in the variable visits \(.*server\.js:4:/);
  assert.strictEqual(wholeFiles(snapshots), 1);
});

/** Ends right when the verdict is there, before anything can be captured. */
const AT_THE_VERDICT = `
  const watch = leakwatch.start({ onLeak: 'capture' });
  const told = [];
  watch.on('leak', (leak) => told.push(leak));
  const kept = [];
  for (let i = 0; i < 25; i++) {
    kept.push(new Array(100000).fill(i + 0.5));
    leakwatch.tick();
  }
  const assertTold = () => {
    assert.deepStrictEqual(told.map(({ verdict, suspects }) => [verdict, suspects]), [['leaking', []]]);
    assert.match(told[0].suspectsMissing, /ended before/);
    fs.writeSync(1, 'told');
  };`;

test('a leak whose suspects are being looked for is told when the watching ends', async () => {
  const { stdout } = await passes(`${AT_THE_VERDICT}
    leakwatch.stop();
    assertTold();`);
  assert.strictEqual(stdout, 'told');
});

test('and when the process ends', async () => {
  const { stdout } = await passes(`${AT_THE_VERDICT}
    // Held, since watching holds nothing.
    setInterval(() => {}, 1000);
    watch.once('baseline', () => setImmediate(() => {
      assert.deepStrictEqual(told, []);
      process.on('exit', assertTold);
      process.exit();
    }));`);
  assert.strictEqual(stdout, 'told');
});

test('the copies end with the watching', { skip: !capabilities.fork.native && capabilities.fork.why }, async (t) => {
  const { directory, file } = serverIn(t);
  await passes(
    `${FORK}
    const server = require(${text(file)});
    leakwatch.start({ onLeak: 'capture', forceGcEvery: 20 });
    (async () => {
      await wait(() => children().length > 0);
      leakwatch.stop();
      await wait(() => children().length === 0);
      server.end();
    })();`,
    { cwd: directory }
  );
});
