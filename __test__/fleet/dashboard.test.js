'use strict';
// The Grafana dashboard against Grafana's own schema. That its queries find something is for server.test.js.

const assert = require('assert');
const { test } = require('node:test');
const { check, expressions, read } = require('./support/dashboard');

test("Grafana's schema has nothing against the dashboard", () => {
  assert.strictEqual(check(read()), '');
});

/** Each is a mistake that Grafana would swallow or choke on. */
const MISTAKES = {
  'a misspelt property of a panel': (board) => (board.panels[1].discription = board.panels[1].description),
  'a legend that is nowhere': (board) => (board.panels.find((p) => p.type === 'timeseries').options.legend.placement = 'left'),
  'a query without an expression': (board) => delete board.panels[1].targets[0].expr,
  'a kind of panel that no Grafana has': (board) => (board.panels[1].type = 'statistic'),
  'a variable of no known type': (board) => (board.templating.list[0].type = 'source'),
  'a width that is no number': (board) => (board.panels[1].gridPos.w = '4'),
};

for (const [what, spoil] of Object.entries(MISTAKES)) {
  test(`the schema notices ${what}`, () => {
    const board = read();
    spoil(board);
    assert.match(check(board), /error TS/);
  });
}

test('panels have numbers of their own and do not overlap', () => {
  const { panels } = read();
  assert.strictEqual(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Set();
  for (const { title, gridPos } of panels) {
    assert.ok(gridPos.x + gridPos.w <= 24, `${title} is too wide`);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(!taken.has(`${x},${y}`), `${title} overlaps another`);
        taken.add(`${x},${y}`);
      }
    }
  }
});

test('every panel but rows asks for something, and says what', () => {
  const { panels } = read();
  for (const { type, title, description, targets } of panels) {
    if (type === 'row') continue;
    assert.ok(targets.length > 0 && description.length > 10, title);
  }
  assert.ok(expressions(read()).length >= panels.length - 5);
});
