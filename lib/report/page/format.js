'use strict';
// Figures for people, as the text report writes them.

const plain = require('../../text/bytes');

/** `−1.2 MB` */
const bytes = (number) => plain.bytes(number).replace('-', '−');

/** `12,480` */
function count(number) {
  const grouped = String(Math.abs(Math.round(number))).replace(/\B(?=(\d{3})+$)/g, ',');
  return number < 0 ? `−${grouped}` : grouped;
}

/** The same with its sign; nothing for nothing. */
const signed = (format) => (number) => (number > 0 ? `+${format(number)}` : number < 0 ? format(number) : '0');

const percent = (share) => `${(share * 100).toFixed(0)} %`;

function duration(ms) {
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `page.js:2:17` */
const place = (location) => (location ? `${location.url}:${location.line}:${location.column}` : '');

const two = (number) => String(number).padStart(2, '0');

/** The time of day where the reader is. */
function clock(time, withSeconds) {
  const at = new Date(time);
  return `${two(at.getHours())}:${two(at.getMinutes())}${withSeconds ? `:${two(at.getSeconds())}` : ''}`;
}

function day(time) {
  const at = new Date(time);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** What is said of a comparison without suspects; two snapshots have no steps. */
function nothingGrew({ diff, suppressed }) {
  if (suppressed && suppressed.length > 0) return 'Nothing grew but what is suppressed.';
  return `Nothing that the program holds grew ${diff.files.length > 2 ? 'in every step' : 'by more than noise'}.`;
}

module.exports = { bytes, clock, count, day, duration, nothingGrew, percent, place, signed };
