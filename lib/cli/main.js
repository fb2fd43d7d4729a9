'use strict';
// `leakwatch summary|diff|redact`, and where the other commands are. Exit codes: 0
// nothing grew, 1 suspects were found, 2 it could not be done.

const path = require('path');
const { suppressText, run } = require('../analysis');
const { Wrong, flag, nodeVersion, parse, text } = require('./arguments');
const { checkOutput, writeOutput } = require('./output');
const { progressLine } = require('./progress');

const USAGE = `usage: leakwatch <command> [options]

  summary FILE                what one heap snapshot holds, by class
  diff FILE FILE…             what grew between snapshots, oldest first
  report FILE… -o OUT         snapshots, or --history, as one offline HTML file
  redact IN OUT               a copy without the text of strings

  run APP.JS|-- COMMAND…      runs a program and its children watched
  top PID|FILE                a running process, or a history, live

  list                        processes of yours that can be asked
  status|baseline PID         how a process stands; a full GC and its baseline
  snapshot PID                a heap snapshot of it
  suspects PID                three captures of it, and what grew
  load --url URL -- COMMAND…  starts a server, drives it in rounds, judges it

  -o OUT, --json              to a file; as JSON, with a schema version
  --top N                     suspects (diff) or classes (summary) shown
  --min-growth BYTES          growth below which nothing is suspected
  --suppress FILE             fingerprints that are known and accepted
  --history FILE              report: a history or folder (LEAKWATCH_HISTORY)
  --node-version V            the Node that wrote the files, if they do not say
  --keys                      redact: replace keys of dictionaries as well
  --no-color                  plain text

FILE may be a .heapsnapshot, plain, gzip or zstd; - is standard input.
Exit codes: 0 nothing grew, 1 suspects found, 2 error.
`;

const has = (table, name) => Object.prototype.hasOwnProperty.call(table, name);

/** Commands with options of their own; each module's `main(command, argv)` gives the exit code. */
const MODULES = {
  report: './report',
  run: './run',
  top: './top',
  list: './remote',
  status: './remote',
  baseline: './remote',
  snapshot: './remote',
  suspects: './remote',
  load: './load',
};

/** As much as the addon can count. */
const MOST = 1e9;

function count(name, given) {
  if (!/^\d+$/.test(given)) throw new Wrong(`${name} needs a whole number, not '${given}'`);
  return Math.min(Number(given), MOST);
}

const SHOWN = { '--json': flag, '--top': count, '--no-color': flag, '-o': text };
const RULES = {
  summary: SHOWN,
  diff: { ...SHOWN, '--min-growth': count, '--suppress': text, '--node-version': nodeVersion },
  redact: { '--keys': flag },
};

const REQUESTS = {
  summary({ json, top }, files) {
    if (files.length !== 1) throw new Wrong('summary takes one file');
    return { what: 'summary', format: json ? 'json' : 'text', topClasses: top };
  },
  diff({ json, top }, files) {
    if (files.length < 2) throw new Wrong('diff takes two files or more, oldest first');
    return { what: 'diff', format: json ? 'json' : 'text', topSuspects: top };
  },
  redact({ keys }, files) {
    if (files.length !== 2) throw new Wrong('redact takes two paths: from and to');
    return { what: 'redact', format: 'value', propertyNames: Boolean(keys) };
  },
};

/** What can be found out before minutes of work. */
function checkFiles(files, { o }) {
  if (files.filter((file) => file === '-').length > 1) throw new Wrong('standard input (-) can be read once');
  if (files.includes('')) throw new Wrong('the name of a file is empty');
  checkOutput('-o', o);
}

async function main([command, ...rest]) {
  if (command === '--version' || command === '-v') {
    process.stdout.write(`${require('../../package.json').version}\n`);
    return 0;
  }
  const asks = (arg) => arg === '--help' || arg === '-h';
  // What follows a program's name may be that program's --help.
  if (command === 'help' || asks(command) || asks(rest[0]) || (!has(MODULES, command) && rest.some(asks))) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (has(MODULES, command)) return require(MODULES[command]).main(command, rest);
  if (!has(RULES, command)) throw new Wrong(command ? `unknown command '${command}'` : 'a command is needed');
  const { options, rest: files } = parse(rest, RULES[command]);
  const request = REQUESTS[command](options, files);
  checkFiles(files, options);
  request.paths = files;
  request.title = `leakwatch ${command}: ${files.map((file) => path.basename(file)).join(' → ')}`;
  request.minGrowthBytes = options.minGrowth;
  request.nodeVersion = options.nodeVersion;
  request.colour = !options.noColor && !options.o && Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
  if (options.suppress) {
    request.suppress = suppressText(options.suppress);
    request.today = new Date().toISOString().slice(0, 10);
  }
  const line = progressLine(files);
  let result;
  try {
    result = await run(request, { onProgress: line.tell });
  } finally {
    line.clear();
  }
  if (command === 'redact') process.stderr.write(`${files[1]}: ${result.text} bytes\n`);
  else if (options.o) writeOutput(options.o, result.text, 0o600);
  else process.stdout.write(result.text.endsWith('\n') ? result.text : `${result.text}\n`);
  return result.suspects > 0 ? 1 : 0;
}

module.exports = { main };
