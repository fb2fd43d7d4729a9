'use strict';

// The output formats against what reads them: SARIF's own schema, an XML parser, GitHub's escapes.

const path = require('path');
const { test } = require('node:test');
const assert = require('node:assert');
const { install } = require('../../scripts/setup');
const { github } = require('../../lib/formats/github');
const { junit } = require('../../lib/formats/junit');
const { sarif } = require('../../lib/formats/sarif');

install(__dirname);

const { XMLParser, XMLValidator } = require('fast-xml-parser');
const { sarifErrors } = require('./schema');

const NASTY = 'a <b> & "c" \'d\' ]]> \u001b[31m \ud800 é 💧\nnext';

test('JUnit is well-formed whatever the text, and keeps it', () => {
  const text = junit({
    name: NASTY,
    suites: [
      {
        name: 'suite',
        properties: { reason: NASTY },
        cases: [
          { name: NASTY, classname: 'leakwatch', seconds: 1.5, failure: { message: NASTY, type: 'timer', text: NASTY } },
          { name: 'fine', seconds: 0.25 },
          { name: 'known', skipped: 'suppressed: known' },
        ],
      },
      { name: 'empty', cases: [] },
    ],
  });
  assert.strictEqual(XMLValidator.validate(text), true);
  const { testsuites } = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', trimValues: false }).parse(text);
  assert.strictEqual(testsuites.tests, '3');
  assert.strictEqual(testsuites.failures, '1');
  const [suite] = testsuites.testsuite;
  assert.strictEqual(suite.skipped, '1');
  assert.strictEqual(suite.time, '1.750');
  assert.match(suite.testcase[0].failure['#text'], /a <b> & "c" 'd' ]]> �\[31m � é 💧\nnext/);
  assert.strictEqual(suite.testcase[1].failure, undefined);
});

test('SARIF is valid by its schema, with paths relative to the root', () => {
  const root = path.join(path.sep, 'home', 'me', 'my project');
  const text = sarif({
    tool: { name: 'leakwatch', version: '1.2.3', uri: 'https://example.org/leakwatch' },
    root,
    rules: [{ id: 'timer', text: 'A timer', help: 'Clear it' }],
    results: [
      {
        ruleId: 'timer', message: NASTY, location: { url: path.join(root, 'a b', 'c.test.js'), line: 3, column: 7 },
        related: [{ url: '/elsewhere/x#y.js', line: 1 }], fingerprint: '0123456789abcdef', properties: { bytes: 5 },
      },
      { ruleId: 'timer', level: 'warning', message: 'no place' },
      { ruleId: 'timer', message: 'known', location: { url: 'relative/d.js' }, suppressed: 'until May' },
    ],
  });
  assert.deepStrictEqual(sarifErrors(text), []);
  const [first, , third] = JSON.parse(text).runs[0].results;
  const { artifactLocation, region } = first.locations[0].physicalLocation;
  assert.deepStrictEqual(artifactLocation, { uri: 'a%20b/c.test.js', uriBaseId: 'SRCROOT' });
  assert.deepStrictEqual(region, { startLine: 3, startColumn: 7 });
  assert.strictEqual(first.relatedLocations[0].physicalLocation.artifactLocation.uri, 'file:///elsewhere/x%23y.js');
  assert.strictEqual(third.suppressions[0].justification, 'until May');
});

test('the schema turns away what is not SARIF', () => {
  assert.notDeepStrictEqual(sarifErrors(JSON.stringify({ version: '2.1.0', runs: [{ results: [{}] }] })), []);
});

test('GitHub annotations stay one line each', () => {
  const text = github([
    { file: 'a,b:c.js', line: 3, column: 4, title: 'leak: new', message: '50 %\nof it' },
    { level: 'warning', message: 'general' },
  ]);
  assert.strictEqual(text, '::error file=a%2Cb%3Ac.js,line=3,col=4,title=leak%3A new::50 %25%0Aof it\n::warning::general\n');
});
