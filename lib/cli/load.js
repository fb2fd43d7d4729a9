'use strict';
// `leakwatch load --url … -- node server.js`: the check before going live.

const { Wrong, duration, flag, many, parse, text, whole } = require('./arguments');
const { Load } = require('../load/run');
const { parseHeader, scenario } = require('../load/scenario');
const render = require('../load/text');
const findings = require('../load/findings');
const { bytes, signed } = require('./format');
const { checkOutput, checkSuppress, writeOutput } = require('./output');

const ROUNDS = 12;
const PER_ROUND = 500;
const CONNECTIONS = 10;
const START_TIMEOUT_MS = 60000;
/** Forced baselines below which there is no verdict, and some for the warm-up. */
const LEAST_ROUNDS = 8;
const MOST_ROUNDS = 100;
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

const RULES = {
  '--url': text, '--requests': whole(1), '--rounds': whole(LEAST_ROUNDS), '--connections': whole(1),
  '--method': text, '--body': text, '--header': many((_, value) => parseHeader(value)), '--scenario': text,
  '--start-timeout': duration, '--allow-errors': flag, '--show-output': flag,
  '--top': whole(1), '--suppress': text, '--json': flag, '--junit': text, '--sarif': text, '-o': text,
};

/** A server's file alone is run by Node. */
const asCommand = (words) => (/\.[cm]?[jt]s$/.test(words[0]) ? ['node', ...words] : words).join(' ');

function planOf({ options, rest, command }) {
  if (rest.length > 0) throw new Wrong(`load takes the server's command after --, as in: leakwatch load --url URL -- ${asCommand(rest)}`);
  if (!command || command.length === 0) throw new Wrong('load needs the command of the server after --, as in: -- node server.js');
  const { rounds = ROUNDS, requests: perRound = PER_ROUND, connections = CONNECTIONS, startTimeout = START_TIMEOUT_MS } = options;
  if (rounds > MOST_ROUNDS) throw new Wrong(`--rounds needs at most ${MOST_ROUNDS}; give each more --requests`);
  const { allowErrors, showOutput, top, suppress } = options;
  return {
    ...scenario(options),
    command, rounds, perRound, connections, startTimeout, allowErrors, top, suppress,
    echo: showOutput ? process.stderr : undefined,
  };
}

/** One line that is drawn over, on a terminal only. */
function progress() {
  if (!process.stderr.isTTY) return { tell: () => {}, clear: () => {} };
  const draw = (line) => process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns || 80) - 1)}`);
  const tell = (event) => {
    if (event.phase === 'start') draw('starting the server …');
    else if (event.phase === 'warm-up') draw('warming up …');
    else if (event.phase === 'round') draw(roundLine(event));
    else if (event.phase === 'capture') draw(`it leaks: capture ${event.capture} of ${event.captures} …`);
    else draw('comparing the captures …');
  };
  return { tell, clear: () => process.stderr.write('\r\x1b[K') };
}

function roundLine({ round, rounds, figures, targets }) {
  const [first] = targets.filter(({ lost }) => !lost);
  if (!first) return `round ${round}`;
  const [before, after] = first.baselines.slice(-2);
  return `round ${round} of ${rounds}: ${figures.perSecond.toFixed(0)} requests/s, ${bytes(after.heapUsed)} (${signed(after.heapUsed - before.heapUsed)}), ${first.trend.verdict}`;
}

/** Ctrl-C ends the server first, which may take a moment; a second one does not wait for it. */
function endOnSignals(load) {
  let isEnding = false;
  for (const signal of Object.keys(SIGNALS)) {
    process.on(signal, () => {
      const end = () => process.exit(SIGNALS[signal]);
      if (isEnding) end();
      isEnding = true;
      load.stop().then(end, end);
    });
  }
}

async function main(_command, argv) {
  const given = parse(argv, RULES);
  const plan = planOf(given);
  const { json, junit, sarif, o } = given.options;
  // A wrong path should not wait for minutes of load.
  for (const [name, file] of [['-o', o], ['--junit', junit], ['--sarif', sarif]]) checkOutput(name, file);
  checkSuppress(plan.suppress);
  const line = progress();
  const load = new Load(plan, line.tell);
  endOnSignals(load);
  let result;
  try {
    result = await load.run();
  } finally {
    line.clear();
  }
  if (junit !== undefined) writeOutput(junit, findings.junit(result));
  if (sarif !== undefined) writeOutput(sarif, findings.sarif(result));
  const output = json ? `${JSON.stringify(result, null, 2)}\n` : render.text(result);
  if (o !== undefined) writeOutput(o, output);
  else process.stdout.write(output);
  return result.leaking ? 1 : 0;
}

module.exports = { main };
