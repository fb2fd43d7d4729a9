'use strict';
// The report's page as text: what is in it, and that nothing else may run in it.

const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const { ROOT } = require('./helper');
const { page } = require(path.join(ROOT, 'lib', 'report', 'page.js'));
const { nothingGrew } = require(path.join(ROOT, 'lib', 'report', 'page', 'format.js'));

const tree = { name: '(root)', type: 'synthetic', shallow: 0, retained: 8, childCount: 0, children: [], rest: [] };
const file = { path: 'a </script> <!-- b', fileBytes: 1, nodes: 1, edges: 1, totalBytes: 8 };
const MODEL = { schemaVersion: 1, title: 'a <b> & "c"', summary: { file, classCount: 0, classes: [], tree } };
const columns = (...names) => Object.fromEntries(names.map((name) => [name, []]));
const run = {
  pid: 1, threadId: 0, start: 0, trend: null, baselineCount: 0, gcCount: 0, gcMs: 0, lostLines: 0,
  baselines: columns('time', 'heapUsed', 'external', 'arrayBuffers', 'rss', 'contexts'),
  gcs: columns('time', 'count', 'minorMs', 'majorMs', 'otherMs', 'longestMs', 'usedMin', 'usedMax'),
};
const HISTORY = { ...MODEL, history: { runCount: 1, runs: [run] } };

/** Contents of the elements that a policy is about. */
const elements = (html, name) => [...html.matchAll(new RegExp(`<${name}>([^]*?)</${name}>`, 'g'))].map((match) => match[1]);
const sha256 = (text) => `'sha256-${crypto.createHash('sha256').update(text).digest('base64')}'`;

test('the data comes back as it was put in', () => {
  for (const model of [MODEL, HISTORY]) {
    const html = page(model);
    const [, data] = /<script type="application\/json" id="data">([^]*?)<\/script>/.exec(html);
    assert.deepStrictEqual(JSON.parse(data), model);
    assert.ok(!data.includes('<'));
    assert.ok(html.includes('<title>a &lt;b&gt; &amp; &quot;c&quot;</title>'));
    assert.doesNotMatch(html, /\{\{\w+\}\}/);
  }
});

test('the policy names what may run, and that is all there is', () => {
  for (const model of [MODEL, HISTORY]) {
    const html = page(model);
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)[1];
    assert.ok(policy.startsWith("default-src 'none'"));
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    for (const name of ['script', 'style']) {
      const found = elements(html, name);
      assert.ok(found.length > 0);
      const allowed = new RegExp(`${name}-src ([^;]*)`).exec(policy)[1].split(' ');
      assert.deepStrictEqual(allowed, found.map(sha256));
    }
    assert.doesNotMatch(html, /<(script|link|img|iframe)[^>]* (src|href)="(?!data:,)/);
  }
});

test('what is said where nothing grew goes by the number of snapshots', () => {
  const said = (files, suppressed) => nothingGrew({ diff: { files: new Array(files).fill(file) }, suppressed });
  assert.strictEqual(said(2), 'Nothing that the program holds grew by more than noise.');
  assert.strictEqual(said(3), 'Nothing that the program holds grew in every step.');
  assert.strictEqual(said(2, [{}]), 'Nothing grew but what is suppressed.');
});

test('the chart library is there with its licence where there is a chart, and only there', () => {
  assert.match(page(HISTORY), /Permission is hereby granted, free of charge/);
  assert.ok(!page(MODEL).includes('uPlot v') && !page(MODEL).includes('Permission is hereby'));
  assert.ok(page(MODEL).length < 50000, 'a page without data is small');
});

test('the copy of uPlot is the published one', () => {
  const copy = path.join(ROOT, 'lib', 'report', 'vendor', 'uplot');
  const published = path.join(ROOT, 'node_modules', 'uplot');
  const { version } = JSON.parse(fs.readFileSync(path.join(published, 'package.json'), 'utf8'));
  assert.ok(fs.readFileSync(path.join(copy, 'README.md'), 'utf8').startsWith(`# uPlot ${version}\n`));
  for (const [name, from] of [['uPlot.iife.min.js', 'dist'], ['uPlot.min.css', 'dist'], ['LICENSE', '']]) {
    assert.ok(fs.readFileSync(path.join(copy, name)).equals(fs.readFileSync(path.join(published, from, name))), name);
  }
});
