'use strict';
// The dominator tree: what goes if this goes. A tree after the ARIA practices:
// one stop for Tab, arrows walk. Children are made when their parent is opened.

const { bar, h, section } = require('./dom');
const { bytes, count } = require('./format');

function sum(nodes) {
  return nodes.reduce((total, node) => total + node.retained, 0);
}

/** What a node holds beside the children that are listed. */
function remainder(node) {
  const number = node.childCount - node.children.length;
  const size = node.retained - node.shallow - sum(node.children);
  return number > 0 ? { number, size } : null;
}

function tree(root) {
  const opensBy = new WeakMap();

  function row(name, figures, share) {
    return h('div', { class: 'node' }, h('span', { class: 'twist', 'aria-hidden': 'true' }),
      h('span', { class: 'label' }, name), h('span', { class: 'size' }, figures), bar(share));
  }

  function item(node, level, place) {
    const rest = remainder(node);
    const opens = node.children.length > 0 || (rest && node.childCount > 0);
    const own = node.shallow > 0 && node.shallow !== node.retained ? `own ${bytes(node.shallow)}` : '';
    const line = h('li', {
      role: 'treeitem', tabindex: '-1', 'aria-level': String(level), 'aria-expanded': opens ? 'false' : null,
      'aria-setsize': String(place.of), 'aria-posinset': String(place.at),
    }, row(node.name, [h('b', {}, bytes(node.retained)), own && h('span', { class: 'own' }, own)].filter(Boolean).reduce((box, part) => {
      box.append(part);
      return box;
    }, h('span', {})), node.retained / root.retained));
    if (opens) {
      opensBy.set(line, () => {
        const of = node.children.length + (rest ? 1 : 0);
        const children = node.children.map((child, index) => item(child, level + 1, { at: index + 1, of }));
        if (rest) children.push(restItem(rest, level + 1, of, node.children.length));
        return h('ul', { role: 'group' }, ...children);
      });
    }
    return line;
  }

  function restItem({ number, size }, level, of, listed) {
    const text = `${count(number)} ${listed > 0 ? 'smaller' : 'small'} object${number === 1 ? '' : 's'}`;
    return h('li', { role: 'treeitem', tabindex: '-1', class: 'rest', 'aria-level': String(level), 'aria-setsize': String(of), 'aria-posinset': String(of) },
      row(text, h('span', {}, h('b', {}, bytes(Math.max(0, size)))), size / root.retained));
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
