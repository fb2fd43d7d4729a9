'use strict';
// The suppress file: leaks that were looked at, each with a reason and a date
// after which to look again. The same file as diff()'s.

const fs = require('fs');
const path = require('path');
const { LeakwatchError } = require('../error');

/** Where it is looked for unless a path is given. */
const DEFAULT_FILE = 'leakwatch.suppress.json';
/** How long a recorded leak is let be before someone must look again. */
const RECORDED_DAYS = 180;

/** The suppress file that a run goes by; undefined if there is none. */
function find(rootDir, given) {
  const file = path.resolve(rootDir, given || DEFAULT_FILE);
  return given || fs.existsSync(file) ? file : undefined;
}

/** Adds what is not in the file yet, and makes it if need be: from then on other leaks are new. How many were added. */
function record(rootDir, given, findings, now) {
  const file = path.resolve(rootDir, given || DEFAULT_FILE);
  const entries = fs.existsSync(file) ? read(file) : [];
  const day = (time) => new Date(time).toISOString().slice(0, 10);
  const today = day(now);
  const known = new Map(entries.filter(({ expires }) => expires >= today).map((entry) => [entry.fingerprint, entry]));
  const before = known.size;
  for (const { fingerprint, message } of findings) {
    if (known.has(fingerprint)) continue;
    known.set(fingerprint, { fingerprint, reason: `recorded on ${today}: ${message}`, expires: day(now + RECORDED_DAYS * 86400e3) });
  }
  const temporary = `${file}.${process.pid}.tmp`;
  fs.writeFileSync(temporary, `${JSON.stringify({ suppress: Array.from(known.values()) }, null, 2)}\n`);
  fs.renameSync(temporary, file);
  return { file, added: known.size - before };
}

function unreadable(file, why) {
  return new LeakwatchError('ERR_LEAKWATCH_INVALID_ARGUMENT', `suppress: ${file}: ${why}`, { option: 'suppress', path: file });
}

/** Entries of a suppress file: `{fingerprint, reason, expires}`. It is the addon that reads it, as for diff(). */
function parse(text, file) {
  const request = { what: 'suppressions', paths: [], suppress: text };
  const { text: entries, error } = require('../native').load().Analysis.of(JSON.stringify(request)).runNow();
  if (error) throw unreadable(file, error.message.replace(/^the suppress file: /, ''));
  return JSON.parse(entries);
}

function read(file) {
  let text;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(file, `cannot be read: ${error.message}`);
  }
  return parse(text, file);
}

/** Marks what is suppressed; `today`: YYYY-MM-DD. Returns the entries out of date that would have applied. */
function apply(findings, entries, today) {
  const expired = new Set();
  for (const finding of findings) {
    const own = entries.filter(({ fingerprint }) => fingerprint === finding.fingerprint);
    const valid = own.find(({ expires }) => expires >= today);
    if (valid) finding.suppressed = valid.reason;
    else for (const entry of own) expired.add(entry);
  }
  return Array.from(expired);
}

module.exports = { apply, find, parse, read, record };
