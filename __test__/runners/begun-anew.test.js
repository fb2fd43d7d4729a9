'use strict';

// A worker that Jest ends for its memory may have begun a file, which the next worker then begins anew.

const { test } = require('node:test');
const assert = require('node:assert');
const { withoutBegunAnew } = require('../../lib/runner/judge');

const file = (n, name) => ({ type: 'file', n, path: `/project/${name}`, baseline: null, time: n });
const END = { type: 'end', time: 9 };
const files = (records) => records.filter(({ type }) => type === 'file').map(({ path }) => path.slice('/project/'.length));

test('a file that another process ran again counts once', () => {
  const ended = [{ type: 'head' }, file(0, 'a'), file(1, 'b')];
  const next = [{ type: 'head' }, file(0, 'b'), file(1, 'c'), END];
  assert.deepStrictEqual(withoutBegunAnew([ended, next]).map(files), [['a'], ['b', 'c']]);
});

test('a file whose path is told later counts once as well', () => {
  const ended = [file(0, 'a'), { type: 'file', n: 1, time: 1 }, { type: 'path', n: 1, path: '/project/b' }];
  assert.deepStrictEqual(withoutBegunAnew([ended, [file(0, 'b'), END]])[0], [file(0, 'a')]);
});

test('what was finished, or never ran again, stays', () => {
  const crashed = [file(0, 'a'), file(1, 'b')];
  const finished = [file(0, 'c'), { type: 'done', n: 0 }];
  const watched = [file(0, 'c'), file(1, 'c'), END];
  assert.deepStrictEqual(withoutBegunAnew([crashed, finished, watched]).map(files), [['a', 'b'], ['c'], ['c', 'c']]);
});

test('of two processes that were both ended with a file begun, the file stays', () => {
  const [one, other] = [[file(0, 'a')], [file(0, 'a')]];
  assert.deepStrictEqual(withoutBegunAnew([one, other]).map(files), [['a'], ['a']]);
});
