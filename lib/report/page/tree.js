'use strict';
// The dominator tree: what goes if this goes. A tree after the ARIA practices:
// one stop for Tab, arrows walk. Children are made when their parent is opened.

const { bar, h, section } = require('./dom');
const { bytes, count } = require('./format');

function sum(nodes) {
  return nodes.reduce((total, node) => total + node.retained, 0);
}

/** What a node holds beside the children that are listed: by class, and what is left then. */
function remainder(node) {
  const groups = node.rest || [];
  const rows = groups.map((group) => ({ text: `${count(group.count)} × ${group.class}`, size: group.retained }));
  const number = groups.reduce((left, group) => left - group.count, node.childCount - node.children.length);
  if (number > 0) {
    const size = node.retained - node.shallow - sum(node.children) - sum(groups);
    rows.push({ text: `${count(number)} smaller object${number === 1 ? '' : 's'}`, size: Math.max(0, size) });
  }
  return rows;
}

function tree(root) {
  const opensBy = new WeakMap();

  function sizes(retained, own = 0) {
    return h('span', { class: 'size' }, own > 0 && own !== retained && h('span', { class: 'own' }, `own ${bytes(own)}`), h('b', {}, bytes(retained)));
  }

  function row(name, figures, share) {
    return h('div', { class: 'node' }, h('span', { class: 'twist', 'aria-hidden': 'true' }), h('span', { class: 'label' }, name), figures, bar(share));
  }

  function item(node, level, place) {
    const rest = remainder(node);
    const of = node.children.length + rest.length;
    const opens = of > 0;
    const line = h('li', {
      role: 'treeitem', tabindex: '-1', 'aria-level': String(level), 'aria-expanded': opens ? 'false' : null,
      'aria-setsize': String(place.of), 'aria-posinset': String(place.at),
    }, row(node.name, sizes(node.retained, node.shallow), node.retained / root.retained));
    if (opens) {
      opensBy.set(line, () => {
        const children = node.children.map((child, index) => item(child, level + 1, { at: index + 1, of }));
        const others = rest.map((row, index) => restItem(row, level + 1, { at: node.children.length + index + 1, of }));
        return h('ul', { role: 'group' }, ...children, ...others);
      });
    }
    return line;
  }

  function restItem({ text, size }, level, place) {
    return h('li', {
      role: 'treeitem', tabindex: '-1', class: 'rest', 'aria-level': String(level),
      'aria-setsize': String(place.of), 'aria-posinset': String(place.at),
    }, row(text, sizes(size), size / root.retained));
  }

  function setOpen(line, open) {
    if (!opensBy.has(line) || isOpen(line) === open) return;
    if (open) line.append(opensBy.get(line)());
    else line.querySelector('[role=group]').remove();
    line.setAttribute('aria-expanded', String(open));
  }

  const isOpen = (line) => line.getAttribute('aria-expanded') === 'true';
  const lines = () => Array.from(list.querySelectorAll('[role=treeitem]'));

  function focus(line) {
    if (!line) return;
    for (const other of list.querySelectorAll('[tabindex="0"]')) other.setAttribute('tabindex', '-1');
    line.setAttribute('tabindex', '0');
    line.focus();
  }

  const KEYS = {
    ArrowDown: (line) => focus(lines()[lines().indexOf(line) + 1]),
    ArrowUp: (line) => focus(lines()[lines().indexOf(line) - 1]),
    ArrowRight: (line) => (isOpen(line) ? focus(line.querySelector('[role=treeitem]')) : setOpen(line, true)),
    ArrowLeft: (line) => (isOpen(line) ? setOpen(line, false) : focus(line.parentElement.closest('[role=treeitem]'))),
    Home: () => focus(lines()[0]),
    End: () => focus(lines()[lines().length - 1]),
    Enter: (line) => setOpen(line, !isOpen(line)),
    ' ': (line) => setOpen(line, !isOpen(line)),
  };

  const list = h('ul', {
    role: 'tree',
    'aria-label': 'dominator tree',
    onclick: (event) => {
      const line = event.target.closest('[role=treeitem]');
      if (!line) return;
      setOpen(line, !isOpen(line));
      focus(line);
    },
    onkeydown: (event) => {
      const run = KEYS[event.key];
      if (!run || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      run(event.target.closest('[role=treeitem]'));
    },
  });
  const top = item(root, 1, { at: 1, of: 1 });
  top.setAttribute('tabindex', '0');
  list.append(top);
  setOpen(top, true);
  return list;
}

function show({ diff, summary }) {
  const { tree: root } = diff || summary;
  section('tree', 'Dominator tree',
    h('p', { class: 'soft' }, `What each object keeps alive, largest first${diff ? ', in the last snapshot' : ''}.`), tree(root));
}

module.exports = { show };
