'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const byId = (id) => document.getElementById(id);
  const element = (name, options = {}, ...children) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(options)) {
      if (key in node) node[key] = value; else node.setAttribute(key, value);
    }
    node.append(...children);
    return node;
  };
  const count = (number) => number.toLocaleString('en-US');
  const bytes = (number) => {
    const sign = number < 0 ? '-' : '';
    let value = Math.abs(number);
    let unit = 0;
    while (value >= 999.5 && unit < 4) { value /= 1000; unit++; }
    return sign + (unit === 0 || value >= 9.95 ? value.toFixed(0) : value.toFixed(1)) + ' ' + ['B', 'kB', 'MB', 'GB', 'TB'][unit];
  };
  const place = (location) => (location ? `${location.url}:${location.line}:${location.column}` : '');
  const { diff, summary, history } = data;

  const files = diff ? diff.files : summary ? [summary.file] : [];
  byId('overview').textContent = files.map((file) => `${file.path} (${bytes(file.totalBytes)})`).join(' → ');

  // Suspects
  const edgeText = (step) => {
    switch (step.edgeType) {
      case 'property': return '.' + step.edge;
      case 'context': return 'variable ' + step.edge;
      case 'element': case 'hidden': return '[]';
      case 'shortcut': return '';
      default: return /^\d+$/.test(step.edge) ? '[]' : `(${step.edge})`;
    }
  };
  const suspect = (item, isOpen) => {
    const path = element('ol', { className: 'path' });
    for (const step of item.path) {
      const line = element('li', { className: (step.accumulates ? 'here ' : '') + (step.repeats ? 'repeat' : '') });
      line.append(`${edgeText(step)} ${step.node}`);
      if (step.block) line.append(element('strong', {}, `  × ${count(step.repeats)}`));
      if (step.location) line.append(element('span', { className: 'soft' }, '  ' + place(step.location)));
      if (step.accumulates) line.append('  ← piles up here');
      path.append(line);
    }
    const box = element('details', { className: 'suspect', open: isOpen },
      element('summary', {}, `${item.rank}. `, element('strong', {}, item.name), ' ',
        element('span', { className: 'kind' }, item.kind), ' ',
        element('span', { className: 'growth' }, `+${bytes(item.growthBytes)}`), ` ${(item.share * 100).toFixed(0)} %`),
      element('p', {}, item.sentence));
    if (item.known) {
      box.append(element('p', { className: 'known' }, `Known: ${item.known.title}. ${item.known.advice} `,
        element('a', { href: item.known.reference, rel: 'noreferrer' }, item.known.reference)));
    }
    box.append(path, element('p', { className: 'soft' }, `fingerprint ${item.fingerprint}`));
    return box;
  };
  if (diff) {
    byId('suspects').hidden = false;
    byId('suspect-list').append(...(diff.suspects.length
      ? diff.suspects.map((item, index) => suspect(item, index === 0))
      : [element('p', {}, 'Nothing grew in every step.')]));
    if (diff.noiseBytes) byId('noise').textContent = `Left out: ${bytes(diff.noiseBytes)} of growth in V8's own code, shapes and caches.`;
  }

  // Classes
  const source = diff || summary;
  if (source) {
    const delta = (name) => (row) => row[name + 'After'] - row[name + 'Before'];
    const field = (name) => (row) => row[name];
    const columns = diff
      ? [['Class', field('name')], ['Objects', field('countAfter'), count], ['Objects +/-', delta('count'), count],
        ['Own +/-', delta('shallow'), bytes], ['Retained', field('retainedAfter'), bytes], ['Retained +/-', delta('retained'), bytes]]
      : [['Class', field('name')], ['Objects', field('count'), count], ['Own', field('shallow'), bytes], ['Retained', field('retained'), bytes]];
    let sorted = diff ? 3 : 3;
    let descending = true;
    let shown = 50;
    const body = byId('class-table').tBodies[0];
    const headings = columns.map(([title], index) => {
      const heading = element('th', { scope: 'col' }, element('button', {
        type: 'button',
        onclick: () => { descending = index === sorted ? !descending : index > 0; sorted = index; render(); },
      }, title));
      return heading;
    });
    byId('class-table').tHead.append(element('tr', {}, ...headings));
    const render = () => {
      const wanted = byId('filter').value.toLowerCase();
      const value = columns[sorted][1];
      const rows = source.classes.filter((row) => (row.name + ' ' + place(row.location)).toLowerCase().includes(wanted));
      rows.sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        const order = typeof x === 'string' ? x.localeCompare(y) : x - y;
        return descending ? -order : order;
      });
      headings.forEach((heading, index) => heading.setAttribute('aria-sort', index !== sorted ? 'none' : descending ? 'descending' : 'ascending'));
      body.replaceChildren(...rows.slice(0, shown).map((row) => element('tr', { title: place(row.location) },
        ...columns.map(([, read, format]) => element('td', {}, format ? format(read(row)) : read(row))))));
      byId('more-classes').hidden = rows.length <= shown;
    };
    byId('filter').oninput = render;
    byId('more-classes').onclick = () => { shown += 200; render(); };
    byId('classes').hidden = false;
    render();
  }

  // Dominator tree: children are made when a node is opened.
  if (source && source.tree) {
    const item = (node) => {
      const rest = node.childCount - node.children.length;
      const opens = node.children.length > 0;
      const button = element('button', { className: 'node', type: 'button' },
        opens ? '▸ ' : '  ', node.name, element('span', { className: 'size' }, `  ${bytes(node.retained)} · own ${bytes(node.shallow)}`));
      const line = element('li', { role: 'treeitem', 'aria-expanded': opens ? 'false' : 'true' }, button);
      if (opens) {
        button.onclick = () => {
          const open = line.querySelector(':scope > ul');
          if (open) { open.remove(); } else {
            line.append(element('ul', { role: 'group' }, ...node.children.map(item),
              ...(rest > 0 ? [element('li', { className: 'soft' }, `${count(rest)} smaller`)] : [])));
          }
          line.setAttribute('aria-expanded', String(!open));
          button.firstChild.textContent = open ? '▸ ' : '▾ ';
        };
      }
      return line;
    };
    const root = item(source.tree);
    byId('tree-root').append(root);
    root.querySelector('button').click();
    byId('tree').hidden = false;
  }

  // Baselines as a line, collections as ticks below it. Drawn here: a chart library is larger than the report.
  const baselines = history && history.baselines ? history.baselines : [];
  if (baselines.length > 1) {
    const svg = (name, attributes) => {
      const node = document.createElementNS('http://www.w3.org/2000/svg', name);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      return node;
    };
    const [width, height, left, bottom] = [800, 240, 70, 40];
    const times = baselines.map((point) => point.time);
    const [first, last] = [Math.min(...times), Math.max(...times)];
    const top = Math.max(...baselines.map((point) => point.heapUsed)) * 1.05 || 1;
    const x = (time) => left + ((time - first) / (last - first || 1)) * (width - left - 10);
    const y = (value) => 10 + (1 - value / top) * (height - bottom - 10);
    const chart = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': 'heap used after full collections over time' });
    for (let step = 0; step <= 4; step++) {
      const value = (top * step) / 4;
      chart.append(svg('line', { x1: left, x2: width - 10, y1: y(value), y2: y(value), stroke: 'var(--line)' }));
      const label = svg('text', { x: left - 6, y: y(value) + 4, 'text-anchor': 'end', 'font-size': 11, fill: 'var(--soft)' });
      label.textContent = bytes(value);
      chart.append(label);
    }
    chart.append(svg('polyline', { points: baselines.map((point) => `${x(point.time)},${y(point.heapUsed)}`).join(' '), fill: 'none', stroke: 'var(--bar)', 'stroke-width': 2 }));
    for (const gc of (history.gcs || []).slice(-2000)) {
      chart.append(svg('line', { x1: x(gc.time), x2: x(gc.time), y1: height - bottom + 8, y2: height - bottom + 20, stroke: 'var(--soft)', 'stroke-opacity': .5 }));
    }
    const axis = svg('text', { x: width - 10, y: height - 6, 'text-anchor': 'end', 'font-size': 11, fill: 'var(--soft)' });
    axis.textContent = `${((last - first) / 1000).toFixed(0)} s, ${count(baselines.length)} baselines`;
    chart.append(axis);
    byId('chart').append(chart);
    byId('history').hidden = false;
  }
})();
