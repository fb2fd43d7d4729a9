'use strict';
// `leakwatch list|status|baseline|snapshot|suspects <pid>`: a running process,
// asked over its control socket.

const path = require('path');
const { ask, find, list, warmUp } = require('../control/client');
const { Wrong, duration, flag, oneOf, parse, text, whole } = require('./arguments');
const { suspects } = require('./suspects');
const show = require('./remote-text');

const COMMON = { '--control': text, '--timeout': duration, '--json': flag };
const THREAD = { '--thread': whole(0) };
/** A heap of some gigabytes takes minutes. */
const SNAPSHOT_TIMEOUT_MS = 15 * 60000;
const BASELINE_TIMEOUT_MS = 2 * 60000;
const STATUS_TIMEOUT_MS = 10000;

const RULES = {
  list: COMMON,
  status: { ...COMMON, ...THREAD },
  baseline: { ...COMMON, ...THREAD, '--label': text },
  snapshot: {
    ...COMMON, ...THREAD, '-o': text, '--compress': oneOf('gzip', 'zstd'), '--mode': oneOf('auto', 'fork', 'inline'),
    '--redact': flag, '--force': flag, '--settle': flag,
  },
  suspects: {
    ...COMMON, ...THREAD, '--count': whole(2), '--interval': duration, '--top': whole(1), '--min-growth': whole(0),
    '--suppress': text, '--dir': text, '--mode': oneOf('auto', 'fork', 'inline'), '--no-color': flag, '-o': text,
  },
};

function print(options, value, lines) {
  process.stdout.write(options.json ? `${JSON.stringify({ schema: 1, ...value }, null, 2)}\n` : `${lines.join('\n')}\n`);
}

/** What asks this process's thread: `(name, given) → Promise`. */
function target(pid, options) {
  const file = find(pid, where(options));
  return (name, given, fallbackTimeout) => {
    const { thread, timeout = fallbackTimeout } = options;
    return ask(file, name, given, { thread, timeout });
  };
}

/** The directory named here, or in the environment as the service has it. */
function where({ control }) {
  if (control) return control;
  const inherited = process.env.LEAKWATCH_CONTROL;
  return inherited && inherited.includes(path.sep) ? inherited : undefined;
}

const COMMANDS = {
  async list(options) {
    const found = await list(where(options));
    const ask1 = ({ pid, file }) =>
      ask(file, 'status', {}, { timeout: options.timeout || STATUS_TIMEOUT_MS }).catch((error) => ({ pid, error: { code: error.code, message: error.message } }));
    const processes = await Promise.all(found.map(ask1));
    print(options, { processes }, show.list(processes));
    return 0;
  },

  async status(options, pid) {
    const status = await target(pid, options)('status', {}, STATUS_TIMEOUT_MS);
    print(options, status, show.status(status));
    return 0;
  },

  async baseline(options, pid) {
    const given = options.label === undefined ? {} : { label: options.label };
    await warmUp(find(pid, where(options)), { thread: options.thread, timeout: options.timeout || STATUS_TIMEOUT_MS });
    const baseline = await target(pid, options)('baseline', given, BASELINE_TIMEOUT_MS);
    print(options, baseline, show.baseline(baseline));
    return 0;
  },

  async snapshot(options, pid) {
    const { o, compress, mode, redact, force, settle } = options;
    // A directory of ours: the process has a working directory of its own.
    const to = o === undefined ? process.cwd() + path.sep : path.resolve(o) + (/[\\/]$/.test(o) ? path.sep : '');
    const given = { path: to, compress, mode, redact, force, settle };
    const result = await target(pid, options)('snapshot', given, SNAPSHOT_TIMEOUT_MS);
    print(options, result, show.snapshot(result));
    return 0;
  },

  suspects(options, pid) {
    const ask1 = target(pid, options);
    return suspects({ ...options, pid }, (name, given) => ask1(name, given, SNAPSHOT_TIMEOUT_MS));
  },
};

function pidOf(command, rest) {
  if (command === 'list') {
    if (rest.length > 0) throw new Wrong('list takes no process');
    return undefined;
  }
  if (rest.length !== 1 || !/^[1-9]\d{0,9}$/.test(rest[0])) {
    throw new Wrong(`${command} takes one process, by its number; leakwatch list shows which there are`);
  }
  return Number(rest[0]);
}

async function main(command, argv) {
  const { options, rest } = parse(argv, RULES[command]);
  return COMMANDS[command](options, pidOf(command, rest));
}

module.exports = { main };
