'use strict';
// What a history file holds: JSON lines. The first says who writes; the others
// are baselines, collections summed up, verdicts and what else happened. Pure.

/** Grows when a field changes its meaning or goes; new fields and new types of line do not change it. */
const SCHEMA = 1;
const MAX_LABEL = 256;
const MAX_REASON = 1024;

const cut = (text, most) => (typeof text === 'string' && text.length > most ? text.slice(0, most) : text);
const round = (ms) => Math.round(ms * 1000) / 1000;

function line(type, fields) {
  return `${JSON.stringify(Object.assign({ type }, fields))}\n`;
}

function header(fields) {
  return line('header', Object.assign({ schema: SCHEMA }, fields));
}

function baseline(record) {
  const fields = Object.assign({}, record, { gcMs: round(record.gcMs) });
  if (fields.label === null) delete fields.label;
  else fields.label = cut(fields.label, MAX_LABEL);
  return line('baseline', fields);
}

function trend(type, time, { channels: _, ...fields }) {
  return line(type, Object.assign({ time }, fields, { reason: cut(fields.reason, MAX_REASON) }));
}

const KINDS = ['minor', 'major', 'incremental', 'weakcb', 'other'];

/** Collections of a while as one line, however many there were. */
class Collections {
  constructor() {
    this.clear();
  }

  clear() {
    this.count = 0;
    this.from = null;
    this.to = null;
    this.longest = 0;
    this.usedMin = null;
    this.usedMax = null;
    this.kinds = {};
  }

  add({ type, start, duration, usedBefore, usedAfter }) {
    const kind = KINDS.includes(type) ? type : 'other';
    const sum = this.kinds[kind] || (this.kinds[kind] = [0, 0]);
    sum[0] += 1;
    sum[1] += duration;
    this.count += 1;
    if (this.from === null) this.from = start;
    this.to = start + duration;
    this.longest = Math.max(this.longest, duration);
    if (usedBefore !== null) this.usedMax = Math.max(this.usedMax || 0, usedBefore);
    if (usedAfter !== null) this.usedMin = this.usedMin === null ? usedAfter : Math.min(this.usedMin, usedAfter);
  }

  /** The line, and a fresh start; nothing if there was nothing. */
  take() {
    if (this.count === 0) return '';
    const { from, to, count, longest, usedMin, usedMax } = this;
    const kinds = {};
    for (const kind of Object.keys(this.kinds)) kinds[kind] = [this.kinds[kind][0], round(this.kinds[kind][1])];
    this.clear();
    return line('gc', Object.assign({ from, to, count, longest: round(longest), usedMin, usedMax }, kinds));
  }
}

module.exports = { Collections, KINDS, SCHEMA, baseline, header, line, trend };
