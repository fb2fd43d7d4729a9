'use strict';
// Which requests a load is made of.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { folder } = require('../contract/helper');
const { isNumbered, numbered, parseHeader, scenario } = require('../../lib/load/scenario');
const { Wrong } = require('../../lib/cli/arguments');

const URL1 = 'http://127.0.0.1:3000/a?b=1';

test('from the command line', () => {
  const { url, requests } = scenario({ url: URL1, method: 'post', body: 'x', header: [parseHeader('X-A:  b: c ')] });
  assert.strictEqual(url.origin, 'http://127.0.0.1:3000');
  assert.deepStrictEqual(requests, [{ method: 'POST', path: '/a?b=1', headers: { 'x-a': 'b: c ' }, body: 'x' }]);
});

function written(t, value) {
  const file = path.join(folder(t), 'scenario.json');
  fs.writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
}

test('from a file: several URLs, methods, bodies, headers, weights', (t) => {
  const file = written(t, {
    headers: { 'X-All': 'yes', 'x-who': 'nobody' },
    requests: [
      { path: '/items/{n}', weight: 2 },
      { url: 'http://127.0.0.1:3000/orders', method: 'PUT', body: { number: 1 }, headers: { 'X-Who': 'me' } },
      {},
    ],
  });
  const { requests } = scenario({ url: URL1, scenario: file, header: [['x-cli', '1']] });
  assert.strictEqual(requests.length, 4);
  assert.deepStrictEqual(requests[0], requests[1]);
  assert.strictEqual(isNumbered(requests[0]), true);
  assert.strictEqual(numbered(requests[0], 17).path, '/items/17');
  assert.deepStrictEqual(requests[2], {
    method: 'PUT',
    path: '/orders',
    headers: { 'x-all': 'yes', 'x-who': 'me', 'x-cli': '1', 'content-type': 'application/json' },
    body: '{"number":1}',
  });
  assert.strictEqual(requests[3].path, '/a?b=1');
  assert.strictEqual(isNumbered(requests[3]), false);
});

const WRONG = {
  'not JSON': '{',
  requests: '{}',
  'must be {': '[]',
  'request 1 must be an object': '[1]',
  "'paht' is not known": '[{"paht": "/"}]',
  'another server': '[{"url": "http://127.0.0.1:4000/"}]',
  'path must begin with /': '[{"path": "x"}]',
  'not both': '[{"path": "/", "url": "/"}]',
  'method must be one of': '[{"method": "FETCH"}]',
  "header 'a' must be a string": '[{"headers": {"a": {}}}]',
  weight: '[{"weight": 0}]',
};
for (const [why, text] of Object.entries(WRONG)) {
  test(`refused, and the error says so: ${why}`, (t) => {
    const file = written(t, text);
    assert.throws(() => scenario({ url: URL1, scenario: file }), (error) => error instanceof Wrong && error.message.includes(why) && error.message.includes(file));
  });
}

test('a scenario has its own methods; a URL must be whole', (t) => {
  const file = written(t, '[{}]');
  assert.throws(() => scenario({ url: URL1, scenario: file, method: 'GET' }), Wrong);
  assert.throws(() => scenario({ url: URL1, scenario: `${file}.not` }), Wrong);
  for (const url of [undefined, 'localhost:3000', '/x', 'ftp://127.0.0.1/']) assert.throws(() => scenario({ url }), Wrong);
  assert.throws(() => parseHeader('no colon'), Wrong);
});
