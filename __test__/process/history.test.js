'use strict';
// LEAKWATCH_HISTORY: what a watched process leaves, however it ends.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { spawnSync } = require('child_process');
const { test } = require('node:test');
const { ROOT, converse, files, folder, mounted, needsMounts, passes, run, text, until } = require('./helper');
const { readRuns } = require(path.join(ROOT, 'lib', 'history', 'reader.js'));
const { historyModel } = require(path.join(ROOT, 'lib', 'history', 'series.js'));

const args = ['--require', path.join(ROOT, 'register.js')];
const into = (where, more) => ({ args, env: { LEAKWATCH_HISTORY: where, ...more } });
const TICKS = 'for (let i = 0; i < 12; i++) leakwatch.tick(`t${i}`);';
const linesOf = (file) => fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));

test('a folder: one file of whole lines, private, from header to end', async (t) => {
  const where = path.join(folder(t), 'new', 'history') + path.sep;
  const { stderr } = await passes(`${TICKS} console.log(process.pid);`, into(where));
  assert.strictEqual(stderr, '');
  const [name, ...others] = files(where);
  assert.deepStrictEqual(others, []);
  assert.match(name, /^\d+-0\.jsonl$/);
  assert.strictEqual(fs.statSync(path.join(where, name)).mode & 0o777, 0o600);
  const [header, ...lines] = linesOf(path.join(where, name));
  const { type, schema, pid, threadId, node, argv0, start } = header;
  assert.deepStrictEqual({ type, schema, threadId, node }, { type: 'header', schema: 1, threadId: 0, node: process.version });
  assert.ok(pid > 0 && argv0 && Math.abs(start - Date.now()) < 600000);
  const baselines = lines.filter((line) => line.type === 'baseline');
  assert.deepStrictEqual(baselines.map((line) => line.label), Array.from({ length: 12 }, (_, i) => `t${i}`));
  for (const line of baselines) assert.ok(line.heapUsed > 1e5 && line.rss > line.heapUsed && line.forced);
  const gcs = lines.filter((line) => line.type === 'gc');
  assert.ok(gcs.length >= 1 && gcs.reduce((sum, gc) => sum + gc.count, 0) >= 12);
  const trend = lines.filter((line) => line.type === 'trend').pop();
  assert.ok(['steady', 'growing', 'insufficient'].includes(trend.verdict), trend.reason);
  assert.deepStrictEqual({ ...lines[lines.length - 1], time: 0 }, { type: 'end', time: 0, code: 0 });
});

test('a folder that cannot be made is said, and the program runs on', { skip: process.platform === 'linux' ? false : 'needs /proc' }, async () => {
  const { stdout, stderr } = await passes('leakwatch.tick(); console.log("ran");', into('/proc/leakwatch/history/', { LEAKWATCH_CONTROL: '/proc/leakwatch/control' }));
  assert.strictEqual(stdout, 'ran\n');
  assert.match(stderr, /^leakwatch\[\d+\]: .*(?:ENOENT|EACCES).*proc.leakwatch/m);
  assert.match(stderr, /^leakwatch\[\d+\]: no control socket: .proc.leakwatch.control cannot be made \((?:ENOENT|EACCES)\)/m);
});

test('a name of its own for each process and thread, given a name, a template or a folder', async (t) => {
  const directory = folder(t);
  const program = `
    ${TICKS}
    inWorker(${text(TICKS)});
    require('child_process').execFileSync(process.execPath, ['--require', ${text(args[1])}, '-e', 'require(' + JSON.stringify(ROOT) + ').tick()']);`;
  await passes(program, into(path.join(directory, 'named', 'app.jsonl')));
  const named = files(path.join(directory, 'named'));
  assert.strictEqual(named.length, 3, named.join());
  assert.ok(named.includes('app.jsonl'), 'the first process has the name that was given');
  assert.strictEqual(named.filter((name) => /^app\.\d+-[01]\.jsonl$/.test(name)).length, 2, named.join());
  await passes(program, into(path.join(directory, 'made', 'p{pid}.t{tid}.log')));
  const made = files(path.join(directory, 'made'));
  assert.strictEqual(made.filter((name) => /^p\d+\.t[01]\.log$/.test(name)).length, 3, made.join());
  const runs = readRuns([path.join(directory, 'named')]);
  assert.deepStrictEqual(runs.map((each) => each.baselines.length).sort(), [1, 12, 12]);
  assert.ok(runs.every((each) => each.end && each.lost === 0));
});

test('under pm2 the program is the one that was given to pm2', async (t) => {
  const [where, directory] = [path.join(folder(t), 'history'), folder(t)];
  const container = path.join(directory, 'ProcessContainerFork.js');
  fs.writeFileSync(container, `require(${text(ROOT)}).tick();`);
  for (const script of [container, path.join(directory, 'other.js')]) {
    if (script !== container) fs.copyFileSync(container, script);
    const env = { ...process.env, LEAKWATCH_HISTORY: where + path.sep, pm_exec_path: '/srv/app.js' };
    const { status, stderr } = spawnSync(process.execPath, [...args, script], { env, encoding: 'utf8' });
    assert.strictEqual(status, 0, stderr);
  }
  const scripts = readRuns([where]).map(({ header }) => header.script);
  // What pm2's program starts inherits the variable, and is another program.
  assert.deepStrictEqual(scripts, ['/srv/app.js', path.join(directory, 'other.js')]);
});

test('the next run takes the name and sets the last one aside', async (t) => {
  const directory = folder(t);
  for (let i = 0; i < 4; i++) await passes(TICKS, into(path.join(directory, 'app.jsonl'), { LEAKWATCH_HISTORY_FILES: '3' }));
  assert.deepStrictEqual(files(directory).sort(), ['app.2.jsonl', 'app.3.jsonl', 'app.jsonl']);
  assert.strictEqual(readRuns([directory]).length, 3);
});

const ENDS = {
  'kill -9': { end: "process.kill(process.pid, 'SIGKILL');", signal: 'SIGKILL' },
  SIGTERM: { end: "process.kill(process.pid, 'SIGTERM');", signal: 'SIGTERM' },
  abort: { end: 'process.abort();', signal: 'SIGABRT' },
  'an uncaught error': { end: "throw new Error('broken');", code: 1 },
  'process.exit': { end: 'process.exit(7);', code: 7 },
};
for (const [name, { end, signal = null, code = null }] of Object.entries(ENDS)) {
  test(`what was written stays whole: ${name}`, async (t) => {
    const directory = folder(t);
    const program = `
      const { setFlagsFromString } = require('v8');
      ${TICKS}
      const file = () => path.join(${text(directory)}, fs.readdirSync(${text(directory)})[0]);
      until(() => fs.readFileSync(file(), 'utf8').includes('"t11"'), () => { ${end} });`;
    const result = await run(program, { ...into(directory), cwd: directory, wrap: (command) => ['sh', '-c', 'ulimit -c 0; exec "$@"', 'sh', ...command] });
    assert.deepStrictEqual([result.code, result.signal], [code, signal], result.stderr);
    const [recorded] = readRuns([directory]);
    assert.strictEqual(recorded.baselines.length, 12);
    assert.strictEqual(recorded.lost, 0);
    assert.deepStrictEqual(recorded.end && recorded.end.code, signal ? null : code);
    assert.ok(fs.readFileSync(path.join(directory, files(directory)[0]), 'utf8').endsWith('\n'));
  });
}

test('a disk that is full from the beginning leaves no file that holds nothing, or half a header', needsMounts, async (t) => {
  const directory = folder(t);
  const { stderr } = await passes(
    `const fill = () => {
      for (let size = 1 << 16; size >= 1; ) {
        try { fs.appendFileSync('fill', 'x'.repeat(size)); } catch (_) { size = size >> 1; }
      }
    };
    const { Target } = require(${text(path.join(ROOT, 'lib', 'history', 'target.js'))});
    const self = { pid: process.pid, threadId: 0, processStart: Date.now() };
    fs.mkdirSync('half');
    const target = new Target('half/h.jsonl', self);
    fill();
    assert.throws(() => target.create('{"type":"header"}\\n'.padEnd(9000, ' ')), { code: 'ENOSPC' });
    assert.deepStrictEqual(fs.readdirSync('half'), []);
    fs.truncateSync('fill', fs.statSync('fill').size - 4096);
    assert.throws(() => target.create('{"type":"header"}\\n'.padEnd(9000, ' ')), { code: 'ENOSPC' });
    assert.deepStrictEqual(fs.readdirSync('half'), [], 'half a header');
    fs.unlinkSync('fill');
    target.create('{"type":"header"}\\n');
    assert.deepStrictEqual(fs.readdirSync('half'), ['h.jsonl']);`,
    { wrap: (command) => mounted(`mount -t tmpfs -o size=80k tmpfs ${directory}`, `cd ${directory}`)(command) }
  );
  assert.strictEqual(stderr, '');
});

test('a full disk is told once, and the program goes on', needsMounts, async (t) => {
  const directory = folder(t);
  const { stdout, stderr } = await passes(
    `fs.writeFileSync('fill', Buffer.alloc(60 << 10));
    try { for (;;) fs.appendFileSync('fill', 'x'.repeat(512)); } catch (error) { assert.strictEqual(error.code, 'ENOSPC'); }
    const watch = leakwatch.start();
    const told = [];
    watch.on('error', (error) => told.push(error.code));
    ${TICKS}
    until(() => told.length > 0, () => {
      ${TICKS}
      const flushes = setInterval(() => leakwatch.tick(), 300);
      setTimeout(() => {
        clearInterval(flushes);
        console.log(told.join());
        fs.unlinkSync('fill');
        leakwatch.tick('room again');
        until(() => fs.readFileSync('h.jsonl', 'utf8').includes('room again'), () => {});
      }, 2500);
    });`,
    { ...into(path.join(directory, 'h.jsonl')), wrap: (command) => mounted(`mount -t tmpfs -o size=80k tmpfs ${directory}`, `cd ${directory}`)(command) }
  );
  assert.strictEqual(stdout, 'ERR_LEAKWATCH_DISK_FULL\n');
  assert.match(stderr, /^leakwatch\[\d+\]: the history cannot be written to .*h\.jsonl/);
  assert.strictEqual(stderr.trim().split('\n').length, 1, stderr);
});

test('a place that cannot be written is told once, with what it is', async (t) => {
  const directory = folder(t);
  const file = path.join(directory, 'file');
  fs.writeFileSync(file, '');
  const { stdout, stderr } = await passes(`${TICKS} console.log('ran');`, into(path.join(file, 'h.jsonl')));
  assert.strictEqual(stdout, 'ran\n');
  assert.match(stderr, /^leakwatch\[\d+\]: the history cannot be written to .*h\.jsonl.*\n$/);
  for (const name of ['LEAKWATCH_HISTORY_SIZE', 'LEAKWATCH_HISTORY_FILES']) {
    const wrong = await passes("console.log('ran');", into(path.join(directory, 'x.jsonl'), { [name]: 'big' }));
    assert.match(wrong.stderr, new RegExp(`^leakwatch\\[\\d+\\]: no history: ${name}: must be a whole number`));
    assert.strictEqual(wrong.stdout, 'ran\n');
  }
});

test('whoever takes the file away gets a new one, and no descriptor is held', async (t) => {
  const directory = folder(t);
  await converse(
    `const file = path.join(${text(directory)}, 'h.jsonl');
    const baselines = () => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');
    const to = (fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd); } catch (_) { return ''; } };
    const isHeld = () => fs.existsSync('/proc/self/fd') && fs.readdirSync('/proc/self/fd').some((fd) => to(fd).includes('h.jsonl'));
    leakwatch.tick('one');
    // What has just been written may not have been closed yet.
    until(() => baselines().includes('"one"') && !isHeld(), () => {
      fs.unlinkSync(file);
      const ticks = setInterval(() => leakwatch.tick('two'), 20);
      until(() => baselines().includes('"two"'), () => clearInterval(ticks));
    });`,
    () => {},
    into(path.join(directory, 'h.jsonl'))
  ).then((result) => assert.strictEqual(result.code, 0, result.stderr));
  assert.strictEqual(linesOf(path.join(directory, 'h.jsonl'))[0].type, 'header');
});

test('it keeps no process alive, and stop() ends it', async (t) => {
  const directory = folder(t);
  await passes('', into(directory));
  await passes(`leakwatch.tick('seen'); leakwatch.stop(); leakwatch.tick('not seen');`, into(directory));
  const labels = [].concat(...readRuns([directory]).map((each) => each.baselines.map((line) => line.label)));
  assert.ok(labels.includes('seen'));
});

test('process.exit() right after a flush was begun loses nothing, and writes nothing twice', async (t) => {
  const file = path.join(folder(t), 'history.jsonl');
  const begin = `
    const { Writer } = require(path.join(ROOT, 'lib/history/writer')), { Target } = require(path.join(ROOT, 'lib/history/target'));
    const target = new Target(${text(file)}, { pid: process.pid, threadId: 0, processStart: 0 });
    const writer = new Writer(target, { header: () => 'header\\n', size: 1e6, files: 1, onError: (error) => { throw error; } });
    const line = (text) => writer.add(text + '\\n');
    line('flushed'); writer.flush(); line('waiting');`;
  await passes(`${begin} process.on('exit', () => { line('end'); writer.flushSync(); }); process.exit();`);
  assert.strictEqual(fs.readFileSync(file, 'utf8'), 'header\nflushed\nwaiting\nend\n');
  fs.unlinkSync(file);
  await passes(`${begin} writer.flushSync(); wait(() => !writer.isWriting).then(() => { line('later'); writer.flush(); });`);
  assert.strictEqual(fs.readFileSync(file, 'utf8'), 'header\nflushed\nwaiting\nlater\n');
});

test('a torn line costs that line alone; a foreign file is refused', async (t) => {
  const directory = folder(t);
  const file = path.join(directory, 'h.jsonl');
  await passes(TICKS, into(file));
  const whole = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(file, whole.slice(0, -7));
  assert.strictEqual(readRuns([file])[0].end, null, 'the torn last line is left out');
  assert.strictEqual(readRuns([file])[0].lost, 0);
  const rows = whole.split('\n');
  fs.writeFileSync(file, rows.map((row, at) => (at === 3 ? row.slice(0, 9) : row)).join('\n'));
  assert.strictEqual(readRuns([file])[0].lost, 1);
  const newer = whole.replace('"schema":1', '"schema":99');
  for (const foreign of ['{"a":1}\n', 'text\nmore\n', newer, whole.split('\n').slice(1).join('\n')]) {
    fs.writeFileSync(file, foreign);
    assert.throws(() => readRuns([file]), { code: 'ERR_LEAKWATCH_HISTORY_FOREIGN' });
  }
  assert.throws(() => readRuns([path.join(directory, 'none')]), { code: 'ERR_LEAKWATCH_IO' });
  fs.writeFileSync(file, '');
  assert.deepStrictEqual(readRuns([file]), []);
});

test('history() as JSON is a history as well', (t) => {
  const file = path.join(folder(t), 'history.json');
  const baseline = { index: 0, label: null, time: 1e12, heapUsed: 5e6, external: 1, arrayBuffers: 0, rss: 2e7, nativeContexts: 1, gcMs: 2, forced: true };
  const gc = { seq: 0, type: 'minor', start: 1e12 + 5, duration: 1.5, forced: false, usedBefore: 6e6, usedAfter: 5e6 };
  const history = { baselines: [baseline, { ...baseline, index: 1, time: 1e12 + 9 }], gcs: [gc] };
  // In several lines, in one, and with nothing after it.
  for (const written of [JSON.stringify(history, null, 2), `${JSON.stringify(history)}\n`, JSON.stringify(history)]) {
    fs.writeFileSync(file, written);
    const { runs } = historyModel(readRuns([file]));
    assert.deepStrictEqual([runs[0].baselineCount, runs[0].gcCount, runs[0].gcMs, runs[0].gcs.usedMax], [2, 1, 1.5, [6e6]]);
  }
  for (const nothing of ['', '{"type":"header"', '{}']) {
    fs.writeFileSync(file, nothing);
    assert.deepStrictEqual(readRuns([file]), [], nothing);
  }
});

test('a history that is given twice, by a link or as a copy too, counts once', async (t) => {
  const directory = folder(t);
  const where = path.join(directory, 'history') + path.sep;
  await passes(`${TICKS} fs.writeFileSync(${text(path.join(directory, 'api.json'))}, JSON.stringify(leakwatch.history()));`, into(where));
  const [file] = files(where).map((name) => path.join(where, name));
  const [link, copy, api] = ['link', 'copy.jsonl', 'api.json'].map((name) => path.join(directory, name));
  fs.symlinkSync(where, link);
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  const [once] = readRuns([where]);
  assert.strictEqual(once.baselines.length, 12);
  for (const length of [lines.length, 8]) {
    // The second is an older copy.
    fs.writeFileSync(copy, `${lines.slice(0, length).join('\n')}\n`);
    for (const given of [[copy, where, file, link, copy], [link, where, copy]]) {
      const [run, ...others] = readRuns(given);
      assert.deepStrictEqual(others, []);
      assert.deepStrictEqual([run.baselines, run.gcs, run.trend], [once.baselines, once.gcs, once.trend]);
    }
  }
  assert.strictEqual(readRuns([api, path.join(directory, '.', 'api.json')]).length, 1);
  const { status, stdout } = spawnSync(process.execPath, [path.join(ROOT, 'lib', 'cli.js'), 'report', where, copy, link, '--json'], { encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.ok(status === 0 || status === 1, stdout);
  const [reported, ...more] = JSON.parse(stdout).history.runs;
  assert.deepStrictEqual([reported.baselines.time.length, more], [12, []]);
});

test('a chart gets no more points than it can show, and the lowest of those close together', () => {
  const baselines = Array.from({ length: 50000 }, (_, i) => ({ type: 'baseline', index: i, time: 1e12 + i * 1000, heapUsed: 1e6 + i * 10 + (i % 7) * 1e5, rss: 1, external: 1 }));
  const gcs = Array.from({ length: 50000 }, (_, i) => ({ type: 'gc', from: 1e12 + i, to: 1e12 + i + 1, count: 2, longest: 3, usedMin: 1, usedMax: 9, minor: [2, 4] }));
  const { runs } = historyModel(Array.from({ length: 40 }, () => ({ header: { pid: 1, start: 1e12 }, baselines, gcs, snapshots: [], trend: null, leak: null, end: null, lost: 0 })));
  assert.ok(runs.length <= 16);
  const [only] = runs;
  assert.ok(only.baselines.time.length <= 800 && only.gcs.time.length <= 800);
  assert.ok(Math.max(...only.baselines.heapUsed) < 1e6 + 50000 * 10 + 1e5, 'the saw is cut off');
  assert.strictEqual(only.gcs.minorMs.reduce((sum, ms) => sum + ms, 0), 200000, 'no pause is lost');
  assert.ok(JSON.stringify({ runs }).length < 3e6);
});

test('files end at their size, and there are no more than asked for', async (t) => {
  const { Target } = require(path.join(ROOT, 'lib', 'history', 'target.js'));
  const { Writer } = require(path.join(ROOT, 'lib', 'history', 'writer.js'));
  const { header, line } = require(path.join(ROOT, 'lib', 'history', 'lines.js'));
  const directory = folder(t);
  const self = { pid: process.pid, threadId: 0, processStart: Date.now() - 1000 };
  const options = { header: (part) => header({ run: 'r', part, pid: process.pid, threadId: 0, start: Date.now() }), size: 5000, files: 4, onError: assert.fail };
  const writer = new Writer(new Target(path.join(directory, 'h.jsonl'), self), options);
  writer.begin();
  for (let i = 0; i < 200; i++) {
    writer.add(line('baseline', { index: i, time: i, heapUsed: i, label: 'x'.repeat(300) }));
    writer.flush();
    await until(() => !writer.isWriting);
  }
  const left = files(directory);
  assert.ok(left.length <= 4, left.join());
  for (const name of left) assert.ok(fs.statSync(path.join(directory, name)).size < 5000 + 400, name);
  const [joined] = readRuns([directory]);
  const last = joined.baselines.map((each) => each.index);
  assert.deepStrictEqual(last, Array.from({ length: last.length }, (_, i) => 200 - last.length + i), 'the newest, in order, none missing');
  assert.ok(last.length > 30);
});
