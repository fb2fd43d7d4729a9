#!/usr/bin/env node
'use strict';
// The command: `leakwatch summary|diff|report|redact`. Exit codes: 0 nothing
// grew, 1 suspects were found, 2 it could not be done.

const fs = require('fs');
const path = require('path');
const { suppressText, run } = require('./analysis');
const { writeWhole } = require('./whole-file');
const { Wrong } = require('./cli/arguments');
const { progressLine } = require('./cli/progress');

const USAGE = `usage: leakwatch <command> [options]

  summary FILE                what one heap snapshot holds, by class
  diff FILE FILE…             what grew between snapshots, oldest first
  report FILE… -o OUT         snapshots, or --history, as one offline HTML file
  redact IN OUT               a copy without the text of strings

  run APP.JS|-- COMMAND…      runs a program and its children watched
  top PID|FILE                a running process, or a history, live

  list                        processes of yours that can be asked
  status|baseline PID         how a running process stands; a full GC and its baseline
  snapshot PID                a heap snapshot of it
  suspects PID                three captures of it, and what grew
  load --url URL -- COMMAND…  starts a server, drives it in rounds, judges it

  --json                      as JSON, with a schema version
  --top N                     suspects (diff) or classes (summary) shown
  --min-growth BYTES          growth below which nothing is suspected
  --suppress FILE             fingerprints that are known and accepted
  --history FILE              report: a history file or folder (LEAKWATCH_HISTORY)
  --node-version V            the Node that wrote the files, where they do not say
  --keys                      redact: replace keys of dictionaries as well
  --no-color, -o OUT          plain text; write to a file

FILE may be a .heapsnapshot, plain, gzip or zstd; - is standard input.
Exit codes: 0 nothing grew, 1 suspects found, 2 error.
`;

const VALUES = { '--top': 'top', '--min-growth': 'minGrowth', '--suppress': 'suppress', '--node-version': 'nodeVersion', '-o': 'out' };
const SWITCHES = { '--json': 'json', '--keys': 'keys', '--no-color': 'plain' };

const has = (table, name) => Object.prototype.hasOwnProperty.call(table, name);

/** Commands with options of their own; each module's `main(command, argv)` gives the exit code. */
const MODULES = {
  report: './cli/report',
  run: './cli/run',
  top: './cli/top',
  list: './cli/remote',
  status: './cli/remote',
  baseline: './cli/remote',
  snapshot: './cli/remote',
  suspects: './cli/remote',
  load: './cli/load',
};

function parse(argv) {
  const args = { files: [] };
  for (let at = 0; at < argv.length; at++) {
    const arg = argv[at];
    const [name, joined] = /^--[^=]+=/.test(arg) ? [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)] : [arg];
    if (has(VALUES, name)) {
      if (joined === undefined && at + 1 >= argv.length) throw new Wrong(`${arg} needs a value`);
      args[VALUES[name]] = joined === undefined ? argv[++at] : joined;
    } else if (has(SWITCHES, arg)) {
      args[SWITCHES[arg]] = true;
    } else if (arg.startsWith('-') && arg !== '-') {
      throw new Wrong(`unknown option ${arg}`);
    } else {
      args.files.push(arg);
    }
  }
  return args;
}

function count(name, text) {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new Wrong(`${name} needs a whole number, not '${text}'`);
  // As much as the addon can count.
  return Math.min(Number(text), 1e9);
}

const COMMANDS = {
  summary(args) {
    if (args.files.length !== 1) throw new Wrong('summary takes one file');
    return { what: 'summary', format: args.json ? 'json' : 'text', topClasses: count('--top', args.top) };
  },
  diff(args) {
    if (args.files.length < 2) throw new Wrong('diff takes two files or more, oldest first');
    return { what: 'diff', format: args.json ? 'json' : 'text', topSuspects: count('--top', args.top) };
  },
  redact(args) {
    if (args.files.length !== 2) throw new Wrong('redact takes two paths: from and to');
    return { what: 'redact', format: 'value', propertyNames: Boolean(args.keys) };
  },
};

/** What can be found out before minutes of work. */
function checkFiles({ files, out }) {
  if (files.filter((file) => file === '-').length > 1) throw new Wrong('standard input (-) can be read once');
  if (!out) return;
  const folder = path.dirname(path.resolve(out));
  if (!fs.existsSync(folder)) throw new Wrong(`-o ${out}: there is no directory ${folder}`);
}

async function main([command, ...rest]) {
  if (command === '--version') {
    process.stdout.write(`${require('../package.json').version}\n`);
    return 0;
  }
  const asks = (arg) => arg === '--help' || arg === '-h';
  // What follows a program's name may be that program's --help.
  if (asks(command) || asks(rest[0]) || (!has(MODULES, command) && rest.some(asks))) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (has(MODULES, command)) return require(MODULES[command]).main(command, rest);
  if (!has(COMMANDS, command)) throw new Wrong(command ? `unknown command '${command}'` : 'a command is needed');
  const args = parse(rest);
  const request = COMMANDS[command](args);
  checkFiles(args);
  request.paths = args.files;
  request.title = `leakwatch ${command}: ${args.files.join(' → ')}`;
  request.minGrowthBytes = count('--min-growth', args.minGrowth);
  request.nodeVersion = args.nodeVersion;
  request.colour = !args.plain && !args.out && Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
  if (args.suppress) {
    request.suppress = suppressText(args.suppress);
    request.today = new Date().toISOString().slice(0, 10);
  }
  const line = progressLine(args.files);
  let result;
  try {
    result = await run(request, { onProgress: line.tell });
  } finally {
    line.clear();
  }
  if (command === 'redact') process.stderr.write(`${args.files[1]}: ${result.text} bytes\n`);
  else if (args.out) writeWhole(args.out, result.text, 0o600);
  else process.stdout.write(result.text.endsWith('\n') ? result.text : `${result.text}\n`);
  return result.suspects > 0 ? 1 : 0;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    const hint = error instanceof Wrong ? '\nleakwatch --help tells more' : '';
    process.stderr.write(`leakwatch: ${error.message}${hint}\n`);
    process.exitCode = 2;
  }
);
