'use strict';
// A table that sorts by any column and narrows to what is typed, by mouse and by
// keyboard: its controls are plain buttons and one input.

const { h } = require('./dom');
const { count } = require('./format');

const FIRST_ROWS = 25;
const MORE_ROWS = 200;

/**
 * `columns`: `{title, value(row), cell(row), text?, wide?}`; `text` columns sort by
 * name, the others largest first. `sorted` is the column it begins with.
 */
function table({ id, label, columns, rows, sorted, search, more }) {
  let by = sorted;
  let descending = !columns[by].text;
  let shown = FIRST_ROWS;

  const headings = columns.map((column, index) =>
    h('th', { scope: 'col', class: classes(column) },
      h('button', { type: 'button', onclick: () => sort(index) }, column.title, h('span', { class: 'arrow', 'aria-hidden': 'true' }))));
  const body = h('tbody', {});
  const filter = h('input', {
    type: 'search', id: `${id}-filter`, placeholder: 'name or file', autocomplete: 'off', spellcheck: 'false',
    oninput: () => {
      shown = FIRST_ROWS;
      render();
    },
    onkeydown: (event) => {
      if (event.key !== 'Escape') return;
      filter.value = '';
      render();
    },
  });
  const found = h('span', { class: 'soft', role: 'status' });
  const button = h('button', {
    type: 'button',
    onclick: () => {
      shown += MORE_ROWS;
      render();
    },
  }, 'Show more');

  function classes(column) {
    return [column.text ? 'text' : 'figure', column.wide && 'wide'].filter(Boolean).join(' ');
  }

  function sort(index) {
    descending = index === by ? !descending : !columns[index].text;
    by = index;
    render();
  }

  function compare(a, b) {
    const [x, y] = [columns[by].value(a), columns[by].value(b)];
    const order = typeof x === 'string' ? x.localeCompare(y) : x - y;
    return descending ? -order : order;
  }

  function render() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kept = rows.filter((row) => {
      const text = search(row).toLowerCase();
      return words.every((word) => text.includes(word));
    });
    // Rows of the same value stay in the order the report gave them.
    kept.sort(compare);
    headings.forEach((heading, index) => {
      heading.setAttribute('aria-sort', index !== by ? 'none' : descending ? 'descending' : 'ascending');
    });
    body.replaceChildren(...kept.slice(0, shown).map((row) =>
      h('tr', {}, ...columns.map((column) => h('td', { class: classes(column) }, ...[].concat(column.cell(row)))))));
    found.textContent = words.length > 0 ? `${count(kept.length)} of ${count(rows.length)}` : '';
    button.hidden = kept.length <= shown;
  }

  render();
  return [
    h('p', { class: 'tools' }, h('label', { for: filter.id }, 'Filter'), filter, found),
    h('div', { class: 'scroll' }, h('table', { id, 'aria-label': label }, h('thead', {}, h('tr', {}, ...headings)), body)),
    h('p', { class: 'tools' }, button, more && h('span', { class: 'soft' }, more)),
  ];
}

module.exports = { table };
