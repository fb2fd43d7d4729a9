'use strict';
// The protocol by itself: what is cut into lines, what is taken and what refused.

const assert = require('assert');
const { test } = require('node:test');
const { Lines, MAX_REQUEST, answer, failure, parseAnswer, parseRequest, request } = require('../../lib/control/protocol');
const { LeakwatchError } = require('../../lib/error');

const REFUSED = 'ERR_LEAKWATCH_CONTROL_REFUSED';

test('lines are the same however the stream is cut', () => {
  const bytes = Buffer.from('one\n\nzwei ü\ndrei');
  for (let size = 1; size <= bytes.length; size++) {
    const lines = new Lines(100);
    const got = [];
    for (let at = 0; at < bytes.length; at += size) got.push(...lines.push(bytes.slice(at, at + size)));
    assert.deepStrictEqual(got, ['one', '', 'zwei ü'], `cut each ${size} bytes`);
    assert.strictEqual(lines.pending, 4);
  }
});

test('a line is bounded, whole or not', () => {
  const full = Buffer.alloc(MAX_REQUEST, 'x');
  assert.strictEqual(new Lines(MAX_REQUEST).push(Buffer.concat([full, Buffer.from('\n')]))[0].length, MAX_REQUEST);
  for (const rest of ['x', 'x\n']) {
    assert.throws(() => new Lines(MAX_REQUEST).push(Buffer.concat([full, Buffer.from(rest)])), { code: REFUSED });
  }
});

test('a request comes through as it was meant', () => {
  const line = request(7, 'baseline', { label: 'ü\n' }, { thread: 3, token: 'secret' });
  assert.strictEqual(line.indexOf('\n'), line.length - 1);
  assert.deepStrictEqual(parseRequest(line.trim()), { id: 7, name: 'baseline', given: { label: 'ü\n' }, thread: 3, token: 'secret' });
});

const BAD = {
  'not JSON': ['', '{', 'GET / HTTP/1.1', '\0\0', '[', 'undefined'],
  object: ['1', '"x"', 'null', '[]', 'true'],
  version: ['{}', '{"leakwatch":2,"id":1,"do":"status"}', '{"leakwatch":"1","id":1,"do":"status"}', '{"leakwatch":{"a":1}}'],
  id: ['{"leakwatch":1,"do":"status"}', '{"leakwatch":1,"id":"1","do":"status"}', '{"leakwatch":1,"id":1.5,"do":"status"}'],
  do: ['{"leakwatch":1,"id":1}', '{"leakwatch":1,"id":1,"do":5}', '{"leakwatch":1,"id":1,"do":["status"]}'],
  with: ['{"leakwatch":1,"id":1,"do":"status","with":[]}', '{"leakwatch":1,"id":1,"do":"status","with":"x"}', '{"leakwatch":1,"id":1,"do":"status","with":null}'],
  thread: ['{"leakwatch":1,"id":1,"do":"status","thread":-1}', '{"leakwatch":1,"id":1,"do":"status","thread":"0"}', '{"leakwatch":1,"id":1,"do":"status","thread":0.5}'],
};
for (const [what, lines] of Object.entries(BAD)) {
  test(`refused, and the error says so: ${what}`, () => {
    for (const line of lines) {
      assert.throws(() => parseRequest(line), (error) => error.code === REFUSED && error.message.includes(what), line);
    }
  });
}

test('an error keeps its code, message and figures on the way', () => {
  const sent = new LeakwatchError('ERR_LEAKWATCH_NOT_ENOUGH_DISK', 'no room', { path: '/x', needed: 5, available: 4 });
  assert.throws(() => parseAnswer(failure(3, sent), 3), (error) => {
    assert.deepStrictEqual({ ...error }, { ...sent });
    assert.strictEqual(error.message, 'no room');
    return error instanceof LeakwatchError;
  });
  assert.deepStrictEqual(parseAnswer(answer(3, { a: 1 }), 3), { a: 1 });
});

test('what answers is not believed blindly', () => {
  for (const text of ['', 'HTTP/1.1 400 Bad Request', '{}', '[]', '{"leakwatch":9,"id":1,"result":1}', '{"leakwatch":1,"id":2,"result":1}']) {
    assert.throws(() => parseAnswer(text, 1), { code: REFUSED }, text);
  }
});
