'use strict';
// Whatever comes in at the socket, the service stays up and goes on answering.

const assert = require('assert');
const net = require('net');
const { test } = require('node:test');
const { client, directory, fileOf, raw, served, text } = require('./helper');
const { MAX_REQUEST } = require('../../lib/control/protocol');

const posix = process.platform === 'win32' ? { skip: 'Unix sockets' } : {};

/** Mulberry32: the same bytes in every run, so that a failure can be repeated. */
function generator(seed) {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const STATUS = `${text({ leakwatch: 1, id: 1, do: 'status' })}\n`;

function mutated(random) {
  const bytes = Buffer.from(STATUS.repeat(1 + Math.floor(random() * 3)));
  for (let n = Math.floor(random() * 6); n >= 0; n--) {
    const at = Math.floor(random() * bytes.length);
    if (random() < 0.5) bytes[at] = Math.floor(random() * 256);
    else bytes.copy(bytes, at, Math.floor(random() * bytes.length));
  }
  return bytes.slice(0, Math.ceil(random() * bytes.length));
}

function garbage(random) {
  return Buffer.from(Array.from({ length: Math.ceil(random() * 3000) }, () => Math.floor(random() * 256)));
}

/** Every line that came back is an answer of the protocol, and every error says something. */
function assertAnswers(answer, what) {
  for (const line of answer.split('\n').filter(Boolean)) {
    const message = JSON.parse(line);
    assert.strictEqual(message.leakwatch, 1, what);
    if (!message.error) continue;
    assert.match(message.error.code, /^ERR_LEAKWATCH_/, what);
    assert.ok(message.error.message.length > 10, line);
  }
}

test('garbage, half lines, mutated requests', posix, async (t) => {
  const control = directory(t);
  const child = await served(t, control);
  const file = fileOf(control, child.pid);
  const random = generator(20);
  for (let round = 0; round < 300; round++) {
    const bytes = round % 2 ? mutated(random) : garbage(random);
    assertAnswers(await raw(file, bytes, { end: true }), `round ${round}: ${bytes.toString('latin1').slice(0, 200)}`);
  }
  assert.strictEqual((await client.ask(file, 'status')).pid, child.pid);
  assert.strictEqual(child.said(), '');
});

test('a line without end is refused once it is too long, and not kept', posix, async (t) => {
  const control = directory(t);
  const child = await served(t, control);
  const file = fileOf(control, child.pid);
  const before = (await client.ask(file, 'baseline')).rss;
  for (let round = 0; round < 5; round++) {
    const answer = await raw(file, Buffer.alloc(64 * MAX_REQUEST, 'x'));
    assertAnswers(answer);
    if (answer !== '') assert.match(answer, /longer than 65536 bytes/);
  }
  const flood = await raw(file, Buffer.alloc(64 * MAX_REQUEST, STATUS));
  assertAnswers(flood);
  const after = (await client.ask(file, 'baseline')).rss;
  assert.ok(after - before < 100e6, `${after - before} bytes more`);
});

test('HTTP, and what else speaks first, gets an answer it can show', posix, async (t) => {
  const control = directory(t);
  const child = await served(t, control);
  const answer = await raw(fileOf(control, child.pid), 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.match(answer, /ERR_LEAKWATCH_CONTROL_REFUSED.*not JSON/);
});

test('requests at once are answered in their order', posix, async (t) => {
  const control = directory(t);
  const child = await served(t, control);
  const lines = Array.from({ length: 50 }, (_, n) => text({ leakwatch: 1, id: n, do: n % 5 ? 'status' : 'no' }));
  const answer = await raw(fileOf(control, child.pid), `${lines.join('\n')}\n`, { end: true });
  const ids = answer.trim().split('\n').map((line) => JSON.parse(line).id);
  assert.deepStrictEqual(ids, lines.map((_, n) => n));
});

test('100 connections at once: each is served, or told that there are too many', posix, async (t) => {
  const control = directory(t);
  const child = await served(t, control);
  const file = fileOf(control, child.pid);
  const idle = [];
  const open = () =>
    new Promise((resolve) => {
      const socket = net.connect(file);
      idle.push(socket);
      socket.setEncoding('utf8').once('data', resolve).on('error', () => {}).on('close', () => resolve('')).on('connect', () => setTimeout(() => socket.write(STATUS), 100));
    });
  const answers = await Promise.all(Array.from({ length: 100 }, open));
  const served1 = answers.filter((answer) => answer.includes('"result"')).length;
  const refused = answers.filter((answer) => answer.includes('ERR_LEAKWATCH_BUSY')).length;
  assert.ok(served1 >= 1 && served1 <= 32, `${served1} served`);
  assert.ok(refused >= 1 && answers.every((answer) => answer === '' || answer.startsWith('{')), `${refused} refused`);
  for (const socket of idle) socket.destroy();
  // Those that are closed make room: nothing is held for the dead.
  for (;;) {
    const answer = await raw(file, STATUS, { end: true });
    if (answer.includes('"result"')) break;
    assert.match(answer, /BUSY/);
  }
});

test('peers that leave in the middle of everything', posix, async (t) => {
  const control = directory(t);
  const child = await served(t, control);
  const file = fileOf(control, child.pid);
  const random = generator(7);
  const whole = [STATUS, `${text({ leakwatch: 1, id: 1, do: 'baseline' })}\n`, `${text({ leakwatch: 1, id: 1, do: 'history' })}\n`];
  const leave = () =>
    new Promise((resolve) => {
      const bytes = whole[Math.floor(random() * whole.length)];
      const cut = bytes.slice(0, Math.floor(random() * (bytes.length + 1)));
      const socket = net.connect(file, () => {
        socket.write(cut || 'x');
        const go = () => (random() < 0.5 ? socket.destroy() : socket.end());
        if (random() < 0.5) go();
        else setImmediate(go);
      });
      socket.on('error', () => {}).on('close', resolve).resume();
    });
  for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 10 }, leave));
  assert.strictEqual((await client.ask(file, 'status')).pid, child.pid);
  assert.strictEqual(child.said(), '');
});
