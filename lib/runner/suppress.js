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
  return new LeakwatchError('ERR_LEAKWATCH_INVALID_ARGUMENT', `suppress: ${file} ${why}`, { option: 'suppress', path: file });
}

/** Entries of a suppress file: `{fingerprint, reason, expires}`. */
function parse(text, file) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(file, `is not JSON: ${error.message}`);
  }
  if (!value || !Array.isArray(value.suppress)) throw unreadable(file, 'has no list "suppress"');
  value.suppress.forEach((entry, at) => {
    for (const field of ['fingerprint', 'reason', 'expires']) {
      if (!entry || typeof entry[field] !== 'string' || entry[field] === '') {
        throw unreadable(file, `has no "${field}" in entry ${at + 1}`);
      }
    }
    if (!/^\d{4}-\d{2}-\d{2}$/.test(entry.expires)) throw unreadable(file, `needs "expires" as YYYY-MM-DD in entry ${at + 1}`);
  });
  return value.suppress;
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
  const expired = [];
  for (const finding of findings) {
    const entry = entries.find(({ fingerprint }) => fingerprint === finding.fingerprint);
    if (!entry) continue;
    if (entry.expires < today) expired.push(entry);
    else finding.suppressed = entry.reason;
  }
  return expired;
}

module.exports = { apply, find, parse, read, record };
