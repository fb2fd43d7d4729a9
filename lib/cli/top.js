'use strict';
// `leakwatch top`: how processes stand, live: from a history file or folder, or
// from a process that is asked over its control socket.

const fs = require('fs');
const path = require('path');
const { HistorySource, SocketSource, historyOf } = require('./top-sources');
const { frame, lines } = require('./top-view');
const { Screen } = require('./screen');
const { find } = require('../control/client');
const { Wrong, duration, flag, parse, text } = require('./arguments');

const RULES = { '--interval': duration, '--once': flag, '--no-color': flag, '--control': text };
const INTERVAL_MS = 1000;
const MIN_INTERVAL_MS = 100;

/** The folder of control sockets named here, or in the environment as the service has it. */
function where({ control }) {
  const inherited = process.env.LEAKWATCH_CONTROL;
  return control || (inherited && inherited.includes(path.sep) ? inherited : undefined);
}

/** What a word on the command line means: a path, or a process. */
function sourceOf(word, options) {
  if (fs.existsSync(word)) return new HistorySource([word]);
  if (!/^\d+$/.test(word)) throw new Wrong(`there is no history ${word}; top takes a process id, or a history file or folder`);
  const pid = Number(word);
  let unreachable;
  try {
    return new SocketSource(pid, find(pid, where(options)));
  } catch (error) {
    unreachable = error;
  }
  const history = historyOf(pid);
  if (history.length > 0) return new HistorySource(history);
  throw unreachable;
}

/** Without a terminal: a line for each run whenever it has something new. */
async function print(source, interval, isOnce, word) {
  let before = new Map();
  for (;;) {
    const rows = await source.poll();
    // On a terminal it waits for the first.
    if (rows.length === 0) throw source.silence || new Wrong(`${word} holds no history: nothing has been recorded there`);
    const now = new Map(rows.map((row) => [row.name, lines(row)]));
    for (const [name, line] of now) if (before.get(name) !== line) process.stdout.write(`${line}\n`);
    before = now;
    if (isOnce || rows.every((row) => row.hasEnded)) return 0;
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}

async function live(source, interval, isColoured) {
  const screen = new Screen(process.stdin, process.stdout);
  let rows = await source.poll();
  const draw = () => screen.draw(frame(rows, { columns: screen.columns, height: screen.rows, isColoured, now: Date.now() }));
  screen.open(draw);
  try {
    draw();
    while (!(await screen.closedWithin(interval))) {
      rows = await source.poll();
      draw();
    }
  } finally {
    screen.close();
  }
  return screen.exitCode;
}

async function main(command, argv) {
  const { options, rest } = parse(argv, RULES);
  if (rest.length !== 1) throw new Wrong('top takes one process id, or one history file or folder');
  const interval = Math.max(MIN_INTERVAL_MS, options.interval || INTERVAL_MS);
  const source = sourceOf(rest[0], options);
  const isTerminal = process.stdout.isTTY && process.stdin.isTTY && process.env.TERM !== 'dumb';
  if (options.once || !isTerminal) return print(source, interval, options.once, rest[0]);
  return live(source, interval, !options.noColor && !process.env.NO_COLOR);
}

module.exports = { main };
