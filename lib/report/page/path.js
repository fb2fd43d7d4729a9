'use strict';
// The path from the root to where something piles up.

const { h } = require('./dom');
const { count, place } = require('./format');

const BACKING = ['table', 'elements', 'properties'];

/** V8's own links, which a developer does not see: to a backing store, and from a function to its variables. */
function isPlumbing(step, next) {
  if (step.accumulates) return false;
  if (step.edge === 'context' && !step.block && next && next.edgeType === 'context') return true;
  return step.edgeType === 'internal' && BACKING.includes(step.edge);
}

function edgeText(step) {
  switch (step.edgeType) {
    case 'property':
      return `.${step.edge}`;
    case 'context':
      return `variable ${step.edge}`;
    case 'element':
    case 'hidden':
      return '[ ]';
    case 'shortcut':
      return '';
    default:
      return /^\d+$/.test(step.edge) ? '[ ]' : `(${step.edge})`;
  }
}

function stepRow(step, next) {
  const marks = [
    step.accumulates && 'here',
    step.repeats > 1 && 'repeat',
    isPlumbing(step, next) && 'plumbing',
  ].filter(Boolean);
  return h('li', { class: marks.join(' ') },
    h('span', { class: 'edge' }, edgeText(step)), ' ', h('span', { class: 'holder' }, step.node),
    step.block && h('span', { class: 'times' }, ` × ${count(step.repeats)}`),
    step.location && h('span', { class: 'place' }, ` ${place(step.location)}`),
    step.accumulates && h('span', { class: 'tag' }, 'piles up here'));
}

/** The steps as a list; V8's own are shown on demand. */
function pathList(steps) {
  const rows = steps.map((step, index) => stepRow(step, steps[index + 1]));
  const list = h('ol', { class: 'held', 'aria-label': 'how it is held, from the root' }, ...rows);
  const hidden = rows.filter((row) => row.classList.contains('plumbing')).length;
  if (hidden === 0) return [list];
  const button = h('button', {
    type: 'button',
    class: 'quiet',
    'aria-pressed': 'false',
    onclick: () => {
      const all = list.classList.toggle('all');
      button.setAttribute('aria-pressed', String(all));
    },
  }, `V8’s own links (${count(hidden)})`);
  return [list, button];
}

module.exports = { pathList };
