'use strict';
// The judgement of a run in the formats of CI systems.

const fs = require('fs');
const path = require('path');
const { github } = require('../formats/github');
const { junit } = require('../formats/junit');
const { sarif } = require('../formats/sarif');
const { writeWhole } = require('../whole-file');
const { version } = require('../../package.json');

const RULES = {
  listener: 'A listener that is never removed keeps a test file in memory',
  timer: 'A timer that is never cleared keeps a test file in memory',
  'pending-timer': 'A timer that fires late keeps a test file in memory',
  handle: 'An open handle keeps a test file in memory',
  'patched-global': 'A global that is not put back keeps a test file in memory',
  cache: 'A collection that outlives the test file keeps it in memory',
  kept: 'Something that outlives the test file keeps it in memory',
  pending: 'A promise that never settles keeps a test file in memory',
  'compiled-code': "V8's cache of compiled code keeps a test file in memory",
  runner: 'The test runner keeps a test file in memory',
  environment: 'A test file stays in memory',
  unknown: 'A test file stays in memory',
  growth: 'The process grows from test file to test file',
  'file-budget': 'A test file left more behind than its budget',
  'run-budget': "The run held more than its budget",
};

function write(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  writeWhole(file, text);
}

function detail({ message, held, known, fingerprint, location }, relative) {
  const lines = [message];
  if (location) lines.push(`at ${relative(location.url)}:${location.line}:${location.column}`);
  for (const { edge, node } of held || []) lines.push(`  .${edge} ${node}`);
  if (known) lines.push(known.title, known.advice, known.reference);
  lines.push(`fingerprint ${fingerprint}`);
  return lines.join('\n');
}

function junitText({ runner, workers, run, relative }) {
  const suites = workers.map(({ worker, pid, rows, trend }) => ({
    name: `leakwatch: ${runner}${worker ? `, worker ${worker}` : ''}`,
    properties: { pid, verdict: trend.verdict, reason: trend.reason },
    cases: rows.map((row) => {
      const own = run.findings.filter((finding) => finding.file === row.name && workers.some((each) => each.rows.includes(row)));
      const fresh = own.filter(({ suppressed }) => suppressed === undefined);
      const [first] = fresh;
      return {
        name: row.name,
        classname: 'leakwatch',
        file: row.name,
        line: first && first.location ? first.location.line : undefined,
        seconds: row.ms === null ? undefined : row.ms / 1000,
        failure: first && { message: first.message, type: first.rule, text: fresh.map((each) => detail(each, relative)).join('\n\n') },
        skipped: fresh.length === 0 && own.length > 0 ? `suppressed: ${own[0].suppressed}` : undefined,
      };
    }),
  }));
  const general = run.findings.filter(({ file }) => !file);
  if (general.length > 0) {
    suites.push({
      name: `leakwatch: ${runner}, the run`,
      cases: general.map((finding) => ({
        name: RULES[finding.rule],
        classname: 'leakwatch',
        failure: finding.suppressed === undefined ? { message: finding.message, type: finding.rule, text: detail(finding, relative) } : undefined,
        skipped: finding.suppressed === undefined ? undefined : `suppressed: ${finding.suppressed}`,
      })),
    });
  }
  return junit({ name: 'leakwatch', suites });
}

function placeOf({ location, path: file, file: name }) {
  if (location) return location;
  return file || name ? { url: file || name, line: 1 } : undefined;
}

function sarifText({ run, rootDir, relative }) {
  const used = Array.from(new Set(run.findings.map(({ rule }) => rule)));
  return sarif({
    tool: { name: 'leakwatch', version },
    root: rootDir,
    rules: used.map((id) => ({ id, text: RULES[id] })),
    results: run.findings.map((finding) => ({
      ruleId: finding.rule,
      message: detail(finding, relative),
      location: placeOf(finding),
      related: finding.location && finding.path ? [{ url: finding.path, line: 1 }] : [],
      fingerprint: finding.fingerprint,
      suppressed: finding.suppressed,
    })),
  });
}

function githubText({ run, relative }) {
  return github(
    run.fresh.map((finding) => {
      const place = placeOf(finding);
      return {
        level: 'error',
        file: place && relative(place.url),
        line: place && place.line,
        column: place && place.column,
        title: 'leakwatch',
        message: finding.message,
      };
    })
  );
}

/** For programs: rows, trends and findings, with the version of their shape. */
function jsonText({ runner, workers, run }) {
  const out = {
    schemaVersion: 1,
    runner,
    verdict: run.verdict,
    findings: run.findings,
    workers: workers.map(({ rows, findings: _findings, ...worker }) => ({
      ...worker,
      rows: rows.map(({ n, name, path: file, before, after, growth, over, ms, state }) => ({ n, name, path: file, before, after, growth, over, ms, state })),
    })),
  };
  return `${JSON.stringify(out, null, 2)}\n`;
}

module.exports = { githubText, jsonText, junitText, sarifText, write };
