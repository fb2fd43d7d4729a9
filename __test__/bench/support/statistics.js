'use strict';
// What is said about repeated measurements: medians, and how far they spread.

function quantile(values, share) {
  const sorted = values.slice().sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

function median(values) {
  return quantile(values, 0.5);
}

/**
 * The 95 % interval of the median, by the ranks that a binomial leaves: no
 * assumption on the shape of the noise, which on a shared machine has a tail.
 */
function interval(values) {
  const sorted = values.slice().sort((a, b) => a - b);
  const half = (1.96 * Math.sqrt(sorted.length)) / 2;
  const low = Math.max(0, Math.floor((sorted.length - 1) / 2 - half));
  const high = Math.min(sorted.length - 1, Math.ceil((sorted.length - 1) / 2 + half));
  return [sorted[low], sorted[high]];
}

/** Element by element: each pair was measured side by side. */
function paired(a, b, combine) {
  return a.map((value, at) => combine(value, b[at]));
}

function ratios(a, b) {
  return paired(a, b, (x, y) => x / y);
}

function differences(a, b) {
  return paired(a, b, (x, y) => x - y);
}

module.exports = { differences, interval, median, quantile, ratios };
