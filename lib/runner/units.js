'use strict';
// Sizes as people read and write them.

const UNITS = ['B', 'KB', 'MB', 'GB'];
const FACTORS = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 };

function bytes(n) {
  const sign = n < 0 ? '-' : '';
  let value = Math.abs(n);
  let at = 0;
  while (value >= 999.5 && at < UNITS.length - 1) {
    value /= 1000;
    at += 1;
  }
  return `${sign}${value.toFixed(at === 0 || value >= 99.95 ? 0 : 1)} ${UNITS[at]}`;
}

const signed = (n) => (n > 0 ? '+' : '') + bytes(n);

/** `'10 MB'`, `'512KiB'` or a number; undefined if it is neither. */
function parseBytes(value) {
  if (typeof value === 'number') return value >= 0 ? value : undefined;
  const [, count, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(String(value)) || [];
  if (count === undefined) return undefined;
  const factor = FACTORS[(unit || 'b').toLowerCase()];
  return factor === undefined ? undefined : Number(count) * factor;
}

module.exports = { bytes, parseBytes, signed };
