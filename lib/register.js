'use strict';
// Watching without a change of the program: options come from LEAKWATCH_*.

const { start } = require('./watch');
const { trend } = require('./trend');
const { fromEnvironment, wrongVariable } = require('./options');
const host = require('./host');

const REPORTS = ['off', 'leak', 'exit'];
/** Lines for the suspects of a leak. */
const SUSPECTS = 3;

function say(line) {
  // Straight to the descriptor: the program may have replaced console and streams.
  try {
    require('fs').writeSync(2, `leakwatch[${process.pid}${host.threadId ? `.${host.threadId}` : ''}]: ${line}\n`);
  } catch (_) {
    // Nobody reads standard error any more.
  }
}

/** Not by start(): a program that calls it with options of its own must not close what the operator opened. */
function openControl(given) {
  const tell = (error) => say(`no control socket: ${error.message}`);
  try {
    require('./control').hold(given, tell);
  } catch (error) {
    tell(error);
  }
}

/** A history that cannot be written is no reason not to watch. */
function openHistory(watch, given) {
  try {
    require('./history/record').record(watch, given);
  } catch (error) {
    say(`no history: ${error.message}`);
  }
}

function register() {
  const mode = process.env.LEAKWATCH_REPORT || 'leak';
  if (!REPORTS.includes(mode)) {
    say(`LEAKWATCH_REPORT must be one of ${REPORTS.join(', ')}, not '${mode}'; taking 'leak'`);
  }
  let watch;
  try {
    const { control, ...options } = fromEnvironment(process.env);
    watch = start(options);
    watch.on('error', (error) => say(error.message));
    if (control) openControl(control);
    if (process.env.LEAKWATCH_HISTORY) openHistory(watch, process.env.LEAKWATCH_HISTORY);
  } catch (error) {
    // A wrong option must not keep the program from starting.
    const wrong = wrongVariable(process.env);
    say(`not watching: ${wrong ? `${wrong.variable}: ${wrong.why}` : error.message}`);
    return;
  }
  if (mode === 'off') return;
  watch.on('leak', ({ reason, suspects = [] }) => {
    say(`leak: ${reason}`);
    for (const { sentence } of suspects.slice(0, SUSPECTS)) say(`suspect: ${sentence}`);
  });
  watch.on('snapshot', ({ path, cause }) => say(`snapshot (${cause}): ${path}`));
  if (mode === 'exit') {
    process.on('exit', () => {
      const { verdict, reason } = trend();
      say(`${verdict}: ${reason}`);
    });
  }
}

register();
require('./node-test').attach();
