'use strict';
// Sizes as people read and write them: one way for all of lib, the same as src/format.rs. Runs in the report's page too.

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const FACTORS = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 };

/** What fits `value` in powers of 1,000, one decimal below 10; of a rate a fraction of a byte is told as well. */
function scaled(value, fractions) {
  let size = Math.abs(value);
  let unit = 0;
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const whole = size >= 9.95 || (unit === 0 && (!fractions || Number.isInteger(size)));
  const text = size.toFixed(whole ? 0 : 1);
  return `${value < 0 && Number(text) > 0 ? '-' : ''}${text} ${UNITS[unit]}`;
}

/** `1.2 MB`, `-340 kB`, `12 B` */
const bytes = (number) => scaled(number, false);

/** `+1.2 MB`, `0 B` */
const signed = (number) => `${number > 0 ? '+' : ''}${bytes(number)}`;

/** `0.4 B`: a mean or a rate. */
const rate = (number) => scaled(number, true);

/** Bytes of `'10 MB'`, `'512KiB'` or a number; undefined if it is neither. */
function parseBytes(value) {
  if (typeof value === 'number') return value >= 0 ? value : undefined;
  const [, count, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(String(value)) || [];
  if (count === undefined) return undefined;
  const factor = FACTORS[(unit || 'b').toLowerCase()];
  return factor === undefined ? undefined : Number(count) * factor;
}

module.exports = { bytes, parseBytes, rate, signed };
