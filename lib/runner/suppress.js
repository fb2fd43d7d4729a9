'use strict';
// The suppress file: leaks that were looked at, each with a reason and a date
// after which to look again. The same file as diff()'s.

const fs = require('fs');
const { LeakwatchError } = require('../error');

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

module.exports = { apply, parse, read };
