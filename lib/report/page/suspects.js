'use strict';
// What grew, most of it first; each opens to how it is held.

const { bar, h, section } = require('./dom');
const { bytes, count, nothingGrew, percent, place } = require('./format');
const { pathList } = require('./path');

/** A share of the growth below which a suspect is folded away. */
const MINOR = 0.02;

function knownLeak(known) {
  return h('p', { class: 'known' }, h('strong', {}, 'Known: '), `${known.title}. ${known.advice} `,
    /^https:/.test(known.reference || '') && h('a', { href: known.reference, rel: 'noreferrer noopener' }, known.reference));
}

function card(suspect, isOpen) {
  const id = `suspect-${suspect.rank}`;
  const button = h('button', {
    type: 'button',
    class: 'opener',
    'aria-expanded': String(isOpen),
    'aria-controls': id,
    onclick: () => {
      detail.hidden = !detail.hidden;
      button.setAttribute('aria-expanded', String(!detail.hidden));
    },
  },
  h('span', { class: 'rank' }, String(suspect.rank)),
  h('span', { class: 'name' }, suspect.name),
  h('span', { class: 'kind' }, suspect.kind),
  h('span', { class: 'growth' }, `+${bytes(suspect.growthBytes)}`),
  h('span', { class: 'share' }, percent(suspect.share)));
  const detail = h('div', { class: 'detail', id, hidden: !isOpen },
    suspect.known && knownLeak(suspect.known),
    ...pathList(suspect.path),
    h('p', { class: 'soft facts' },
      `${count(suspect.countBefore)} → ${count(suspect.countAfter)} objects`,
      suspect.location && ` · ${place(suspect.location)}`,
      ' · fingerprint ', h('code', {}, suspect.fingerprint)));
  return h('article', { class: 'suspect' },
    h('h3', {}, button), bar(suspect.share, 'growth'), h('p', { class: 'sentence' }, suspect.sentence), detail);
}

/** What the suppress file set aside, and what it does no longer. */
function suppressed(data) {
  const rows = (data.suppressed || []).map(({ suspect, suppression }) =>
    h('li', {}, `Suppressed until ${suppression.expires} (${suppression.reason}): ${suspect.sentence}`));
  const expired = (data.expiredSuppressions || []).map((entry) =>
    h('li', {}, `The suppression of ${entry.fingerprint} expired on ${entry.expires} (${entry.reason}).`));
  const all = rows.concat(expired);
  return all.length > 0 && h('ul', { class: 'soft' }, ...all);
}

/** Those with a small share are shown on demand. */
function folded(cards) {
  const box = h('div', { id: 'minor-suspects', hidden: true }, ...cards);
  const button = h('button', {
    type: 'button',
    'aria-expanded': 'false',
    'aria-controls': box.id,
    onclick: () => {
      box.hidden = !box.hidden;
      button.setAttribute('aria-expanded', String(!box.hidden));
      button.textContent = label();
    },
  });
  const label = () => `${box.hidden ? 'Show' : 'Hide'} ${count(cards.length)} smaller ${cards.length === 1 ? 'suspect' : 'suspects'}`;
  button.textContent = label();
  return [h('p', { class: 'tools' }, button), box];
}

function cards(data) {
  const { suspects } = data.diff;
  if (suspects.length === 0) return [h('p', {}, nothingGrew(data))];
  const all = suspects.map((suspect, index) => card(suspect, index === 0));
  const major = suspects.filter((suspect, index) => index === 0 || suspect.share >= MINOR).length;
  return major === all.length ? all : all.slice(0, major).concat(folded(all.slice(major)));
}

function show(data) {
  const { noiseBytes } = data.diff;
  const all = cards(data);
  const noise = noiseBytes > 0 && h('p', { class: 'soft' },
    `Left out: ${bytes(noiseBytes)} of growth in V8’s own code, shapes and caches.`);
  section('suspects', 'Suspects', ...all, ...[noise, suppressed(data)].filter(Boolean));
}

module.exports = { show };
