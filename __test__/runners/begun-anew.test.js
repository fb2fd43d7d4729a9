'use strict';

// A worker that Jest ends for its memory may have begun a file, which the next worker then begins anew.

const { test } = require('node:test');
const assert = require('node:assert');
const { withoutBegunAnew } = require('../../lib/runner/begun-anew');

const file = (n, name) => ({ type: 'file', n, path: `/project/${name}`, baseline: null, time: n });
const END = { type: 'end', time: 9 };
const paths = (records) => records.filter(({ type }) => type === 'file').map(({ path }) => path.slice('/project/'.length));
/** What is left of `processes`, where the runner had each file run so often: `{a: 1}`. */
const left = (processes, runs) => {
  const counts = new Map(Object.entries(runs).map(([name, count]) => [`/project/${name}`, count]));
  return withoutBegunAnew(processes, counts).map(paths);
};

test('a file that another process ran again counts once', () => {
  const ended = [{ type: 'head' }, file(0, 'a'), file(1, 'b')];
  const next = [{ type: 'head' }, file(0, 'b'), file(1, 'c'), END];
  assert.deepStrictEqual(left([ended, next], { a: 1, b: 1, c: 1 }), [['a'], ['b', 'c']]);
});

test('a file whose path is told later counts once as well', () => {
  const ended = [file(0, 'a'), { type: 'file', n: 1, time: 1 }, { type: 'path', n: 1, path: '/project/b' }];
  const runs = new Map([['/project/a', 1], ['/project/b', 1]]);
  assert.deepStrictEqual(withoutBegunAnew([ended, [file(0, 'b'), END]], runs)[0], [file(0, 'a')]);
});

test('a process that was ended after it took this file for its last one told the same', () => {
  const ended = [file(0, 'a'), file(1, 'b'), END];
  const next = [file(3, 'b'), END];
  assert.deepStrictEqual(left([ended, next], { a: 1, b: 1 }), [['a'], ['b']]);
  assert.deepStrictEqual(left([next, ended], { a: 1, b: 1 }), [['b'], ['a']]);
});

test('what a process left in the middle goes before what one says it finished', () => {
  const finished = [file(0, 'a'), END];
  const ended = [file(5, 'a')];
  assert.deepStrictEqual(left([finished, ended], { a: 1 }), [['a'], []]);
});

test('a file of two projects is run twice', () => {
  assert.deepStrictEqual(left([[file(0, 'a'), END], [file(1, 'a')]], { a: 2 }), [['a'], ['a']]);
});

test('what only one process told of stays, begun or finished', () => {
  const crashed = [file(0, 'a'), file(1, 'b')];
  const finished = [file(0, 'c'), { type: 'done', n: 0 }];
  assert.deepStrictEqual(left([crashed, finished], { a: 1, b: 1, c: 1 }), [['a', 'b'], ['c']]);
});

test('nothing is left out where nobody knows how often files were run', () => {
  const processes = [[file(0, 'a')], [file(0, 'a'), END]];
  assert.strictEqual(withoutBegunAnew(processes, undefined), processes);
  assert.deepStrictEqual(left(processes, {}), [['a'], ['a']]);
});
