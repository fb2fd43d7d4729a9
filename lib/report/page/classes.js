'use strict';
// The classes of one snapshot, or what changed in them between the first and the last.

const { bar, h, section } = require('./dom');
const { bytes, count, place, signed } = require('./format');
const { table } = require('./table');

const name = {
  title: 'Class',
  text: true,
  value: (row) => row.name,
  cell: (row) => [row.name, row.location && h('span', { class: 'place' }, ` ${place(row.location)}`)].filter(Boolean),
};

const figure = (title, value, format, wide) => ({ title, value, wide, cell: (row) => format(value(row)) });
const change = (field) => (row) => row[`${field}After`] - row[`${field}Before`];
const after = (field) => (row) => row[`${field}After`];

/** With a bar for its share of the largest. */
function barred(title, value, format, rows, kind) {
  const most = Math.max(1, ...rows.map(value));
  return { title, value, cell: (row) => [format(value(row)), bar(value(row) / most, kind)] };
}

function changed({ classes, sameProcess }) {
  const byId = sameProcess
    ? [figure('New', (row) => row.newCount || 0, count, true), figure('Deleted', (row) => row.deletedCount || 0, count, true)]
    : [];
  return [
    name,
    figure('Objects', after('count'), count, true),
    figure('Objects ±', change('count'), signed(count)),
    ...byId,
    figure('Own', after('shallow'), bytes, true),
    barred('Own ±', change('shallow'), signed(bytes), classes, 'growth'),
    figure('Retained', after('retained'), bytes, true),
    figure('Retained ±', change('retained'), signed(bytes), true),
  ];
}

function held({ classes }) {
  return [
    name,
    figure('Objects', (row) => row.count, count),
    figure('Own', (row) => row.shallow, bytes),
    barred('Retained', (row) => row.retained, bytes, classes),
  ];
}

function show({ diff, summary }) {
  const source = diff || summary;
  const columns = diff ? changed(diff) : held(summary);
  const first = columns.findIndex((column) => column.title === (diff ? 'Own ±' : 'Retained'));
  const left = source.classCount - source.classes.length;
  section('classes', diff ? 'Classes that changed' : 'Classes', ...table({
    id: 'class-table',
    label: 'classes',
    columns,
    rows: source.classes,
    sorted: first,
    search: (row) => `${row.name} ${place(row.location)}`,
    more: left > 0 && `${count(left)} smaller classes are left out of this report`,
  }));
}

module.exports = { show };
