'use strict';

// The suppress file has one reader: the reporters of test runners and diff() take and refuse the same files, for the same reasons.

const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const assert = require('node:assert');
const leakwatch = require('../..');
const suppress = require('../../lib/runner/suppress');
const { scratch } = require('./runner');

const [ONE, OTHER] = ['0123456789abcdef', 'fedcba9876543210'];
const entry = (more) => ({ fingerprint: ONE, reason: 'by design', expires: '2999-12-31', ...more });
const file = (...entries) => JSON.stringify({ suppress: entries });

/** What is wrong with a file, by its text. */
const WRONG = [
  ['', /EOF|expected value/],
  ['{ "suppress": [', /line 1/],
  ['[]', /it has no list "suppress"/],
  ['{ "suppressed": [] }', /it has no list "suppress"/],
  ['{ "suppress": {} }', /it has no list "suppress"/],
  [file(entry(), 'text'), /entry 2: it has no "fingerprint"/],
  [file(entry(), null), /entry 2: it has no "fingerprint"/],
  [file(entry({ reason: ' ' })), /entry 1: it has no "reason"/],
  [file(entry({ expires: undefined })), /entry 1: it has no "expires"/],
  [file(entry({ expires: '31.12.2999' })), /entry 1: "31\.12\.2999" is no date of the form YYYY-MM-DD/],
  [file(entry({ expires: '2999-13-01' })), /entry 1: "2999-13-01" is no date/],
  [file(entry({ fingerprint: '1234' })), /entry 1: "1234" is no fingerprint/],
  ['{\n"suppress": [\n  {\n  "fingerprint": "x" }\n]}', /line 3, entry 1/],
];

test('what one refuses the other refuses, in the same words', async (context) => {
  const folder = scratch(context);
  const name = path.join(folder, 'suppress.json');
  for (const [text, why] of WRONG) {
    fs.writeFileSync(name, text);
    let said;
    assert.throws(() => suppress.read(name), (error) => {
      assert.strictEqual(error.code, 'ERR_LEAKWATCH_INVALID_ARGUMENT');
      assert.strictEqual(error.path, name);
      said = error.message;
      return true;
    });
    assert.match(said, why, text);
    assert.ok(said.startsWith(`suppress: ${name}: `), said);
    // It is read before any snapshot is, so none need be there.
    const refused = leakwatch.diff(['before.heapsnapshot', 'after.heapsnapshot'], { suppress: name });
    await assert.rejects(refused, (error) => error.message.endsWith(said.slice(`suppress: ${name}: `.length)));
  }
});

test('what is written is read alike, however it is set', () => {
  const [read] = suppress.parse(file({ expires: ' 2999-12-31 ', note: 'more', reason: ' by design ', fingerprint: ONE.toUpperCase() }), 'x');
  assert.deepStrictEqual(read, entry());
  assert.deepStrictEqual(suppress.parse(file(), 'x'), []);
});

test('an entry counts to the end of its day, and one of a pair that counts is enough', () => {
  const apply = (...entries) => {
    const findings = [{ fingerprint: ONE }, { fingerprint: OTHER }];
    return { expired: suppress.apply(findings, entries, '2030-01-02'), findings };
  };
  const [old, today] = [entry({ expires: '2030-01-01' }), entry({ expires: '2030-01-02', reason: 'until tonight' })];
  assert.deepStrictEqual(apply(old).expired, [old]);
  for (const both of [[old, today], [today, old], [today]]) {
    const { expired, findings } = apply(...both);
    assert.deepStrictEqual(expired, []);
    assert.deepStrictEqual(findings, [{ fingerprint: ONE, suppressed: 'until tonight' }, { fingerprint: OTHER }]);
  }
});

test('what a run records is read again, with what was there, and what is out of date goes', (context) => {
  const folder = scratch(context, { 'known.json': file(entry({ expires: '2001-01-01' }), entry({ fingerprint: OTHER })) });
  const now = Date.parse('2030-01-02T12:00:00Z');
  const findings = [{ fingerprint: ONE, message: 'kept by a timer' }, { fingerprint: OTHER, message: 'known' }];
  const { file: name, added } = suppress.record(folder, 'known.json', findings, now);
  assert.strictEqual(added, 1);
  assert.deepStrictEqual(suppress.read(name), [
    entry({ fingerprint: OTHER }),
    { fingerprint: ONE, reason: 'recorded on 2030-01-02: kept by a timer', expires: '2030-07-01' },
  ]);
  const made = suppress.record(folder, undefined, findings, now);
  assert.strictEqual(made.file, path.join(folder, 'leakwatch.suppress.json'));
  assert.strictEqual(suppress.read(made.file).length, 2);
});
