'use strict';
// `leakwatch run`: a program watched without any change to it, its threads and
// children too. It gets every signal, and its end is ours.

const { spawn } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { readRuns } = require('../history/reader');
const { makeFolder } = require('../make-folder');
const { variableOf, wrongVariable } = require('../options');
const { Wrong, camelCase, parse, text } = require('./arguments');
const { checkOutput, reason, writeOutput } = require('./output');
const { verdicts } = require('./verdicts');

const REGISTER = path.join(__dirname, '..', '..', 'register.js');

/** Options of start() by their flags; register checks them. */
const START = ['force-gc-every', 'window', 'thresholds', 'on-leak', 'snapshot-dir', 'snapshot-signal', 'near-heap-limit'];
const RULES = { '--history': text, '-o': text, '--tell-on': signalName };
for (const name of START) RULES[`--${name}`] = text;

/** Passed on. SIGKILL and SIGSTOP cannot be; SIGUSR1 opens Node's inspector, here as there. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'].filter(
  (name) => name in os.constants.signals
);
/** What a terminal sends to everybody in the foreground, the program included. */
const FROM_TERMINAL = ['SIGINT', 'SIGQUIT', 'SIGWINCH'];

function signalName(name, value) {
  if (!(value in os.constants.signals)) throw new Wrong(`${name} needs a signal's name, like SIGUSR1, not '${value}'`);
  return value;
}

/** Whose options end where the program's begin: at the first word that is none, or after `--`. */
function split(argv) {
  for (let at = 0; at < argv.length; at++) {
    if (argv[at] === '--') return { own: argv.slice(0, at), program: null, command: argv.slice(at + 1) };
    if (!argv[at].startsWith('-')) return { own: argv.slice(0, at), program: argv.slice(at), command: null };
    if (RULES[argv[at]] && at + 1 < argv.length) at += 1;
  }
  return { own: argv, program: null, command: null };
}

function commandOf({ program, command }) {
  if (command && command.length > 0) return command;
  if (!program) throw new Wrong('run needs a program: leakwatch run app.js, or leakwatch run -- COMMAND…');
  if (!fs.existsSync(program[0]) && !fs.existsSync(`${program[0]}.js`)) {
    throw new Wrong(`there is no file ${program[0]}; to run a command, write leakwatch run -- ${program.join(' ')}`);
  }
  return [process.execPath, ...program];
}

/** NODE_OPTIONS with register in it; a path may hold spaces and quotes. */
function nodeOptions(given) {
  const file = REGISTER.replace(/[\\"]/g, '\\$&');
  return [given, `--require "${file}"`].filter(Boolean).join(' ');
}

/** What register reads them from. In the program a wrong one would only be told, and nothing be watched. */
function startVariables(options) {
  const env = {};
  for (const name of START.map(camelCase)) if (options[name] !== undefined) env[variableOf(name)] = options[name];
  const wrong = wrongVariable(env);
  if (wrong) throw new Wrong(`--${START.find((name) => camelCase(name) === wrong.name)}: ${wrong.why}`);
  return env;
}

function makeHistory(history, given) {
  try {
    makeFolder(history, 0o700);
  } catch (error) {
    throw new Wrong(`--history ${given} cannot be a folder: ${reason(error)}`);
  }
}

function environment(variables, history) {
  return Object.assign({}, process.env, variables, {
    NODE_OPTIONS: nodeOptions(process.env.NODE_OPTIONS),
    LEAKWATCH_HISTORY: history + path.sep,
  });
}

/** Whether a Ctrl-C at the terminal reaches the program without us: it is in our process group, and that in the foreground. */
function isInForeground() {
  try {
    const fields = fs.readFileSync('/proc/self/stat', 'utf8').replace(/^.*\) /, '').split(' ');
    return fields[2] === fields[5];
  } catch (_) {
    return Boolean(process.stdin.isTTY);
  }
}

/** Sends the child what is sent to us; gives what ends that. */
function passOn(child, own) {
  const handlers = SIGNALS.filter((name) => !own[name]).map((name) => {
    const handler = () => {
      if (FROM_TERMINAL.includes(name) && isInForeground()) return;
      child.kill(name);
    };
    return { name, handler };
  });
  for (const name of Object.keys(own)) handlers.push({ name, handler: own[name] });
  for (const { name, handler } of handlers) process.on(name, handler);
  return () => {
    for (const { name, handler } of handlers) process.removeListener(name, handler);
  };
}

const say = (line) => process.stderr.write(`leakwatch: ${line}\n`);

/** The folder may hold histories from before; they are not this program's. */
function tell(history, since) {
  let runs;
  try {
    runs = readRuns([history]).filter((run) => run.header.start >= since);
  } catch (error) {
    say(error.message);
    return;
  }
  for (const line of verdicts(runs)) say(line);
}

/** Ends as the child did. */
function endAs(code, signal) {
  if (!signal) return code;
  try {
    process.kill(process.pid, signal);
  } catch (_) {
    // Not a signal that can be sent here.
  }
  // The signal ends this process before the next turn, unless it is one that ends none.
  return new Promise((resolve) => setTimeout(() => resolve(128 + os.constants.signals[signal]), 1000));
}

async function writePage(file, history) {
  const { page } = require('../report/page');
  const { reportModel } = require('./report');
  const { model } = await reportModel({ snapshots: [], histories: [history] });
  writeOutput(file, page(model), 0o600);
  say(`page: ${file}`);
}

async function main(name, argv) {
  const { own, program, command } = split(argv);
  const { options } = parse(own, RULES);
  const [file, ...args] = commandOf({ program, command });
  const variables = startVariables(options);
  checkOutput('-o', options.o);
  const history = path.resolve(options.history || fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-run-')));
  makeHistory(history, options.history);
  const since = Date.now();
  const child = spawn(file, args, { stdio: 'inherit', env: environment(variables, history) });
  const report = () => tell(history, since);
  const end = passOn(child, options.tellOn ? { [options.tellOn]: report } : {});
  const { code, signal, error } = await new Promise((resolve) => {
    child.on('error', (failure) => resolve({ error: failure }));
    child.on('exit', (exitCode, by) => resolve({ code: exitCode, signal: by }));
  });
  if (error) throw new Wrong(`${file} could not be started: ${error.message}`);
  report();
  const shown = options.history || history;
  say(`history: ${shown} (leakwatch report ${shown} -o page.html draws it)`);
  if (options.o) await writePage(options.o, history);
  end();
  return endAs(code, signal);
}

module.exports = { main, nodeOptions };
