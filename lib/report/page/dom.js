'use strict';
// Elements from values. Text goes in as text, so that no name of a class or a
// file can become markup.

/** `h('p', { class: 'soft', onclick }, 'text', element)`; false, null and undefined are left out. */
function h(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== false && child !== null && child !== undefined));
  return element;
}

const byId = (id) => document.getElementById(id);

/** Shows a section of the page with its heading. */
function section(id, title, ...children) {
  const element = byId(id);
  element.append(h('h2', { id: `${id}-heading` }, title), ...children);
  element.hidden = false;
  return element;
}

/** A thin bar of this share, 0 to 1. Styles are set on the element: the page's policy allows none in markup. */
function bar(share, kind) {
  const fill = h('i', { class: kind || '' });
  fill.style.width = `${(Math.max(0, Math.min(1, share)) * 100).toFixed(2)}%`;
  return h('span', { class: 'bar', 'aria-hidden': 'true' }, fill);
}

module.exports = { bar, byId, h, section };
