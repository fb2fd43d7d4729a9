'use strict';
// What the tests of snapshots in a copy of the process share.

const { passes } = require('./helper');

/** What the children share: a call that insists, and what the service looks like. */
const FORK = `
const forked = async (where, options) => {
  for (let call = 1; ; call++) {
    try {
      return await leakwatch.promises.writeSnapshot(where, { mode: 'fork', ...options });
    } catch (error) {
      if (call === 3 || error.code !== 'ERR_LEAKWATCH_FORK_FAILED') throw error;
    }
  }
};
const descriptors = () => fs.readdirSync('/proc/self/fd').length;
/** How much private memory copies do not inherit, in kB. */
const uninherited = () => {
  let size = 0, sum = 0;
  for (const line of fs.readFileSync('/proc/self/smaps', 'utf8').split('\\n')) {
    if (line.startsWith('Size:')) size = Number(line.match(/\\d+/)[0]);
    else if (line.startsWith('VmFlags:') && / dc/.test(line)) sum += size;
  }
  return sum;
};
const children = () => fs.readdirSync('/proc').filter((name) => {
  if (!/^\\d+$/.test(name)) return false;
  try {
    const stat = fs.readFileSync('/proc/' + name + '/stat', 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === process.pid;
  } catch (_) {
    return false;
  }
});
/** The copy that is at work; it has closed the service's files by the time it has this name. */
const copy = () => children().find((pid) => {
  try {
    return fs.readFileSync('/proc/' + pid + '/comm', 'utf8') === 'leakwatch-fork\\n';
  } catch (_) {
    return false;
  }
});
/** Stops a process; whether it stands still now, or has ended before. */
const stopped = async (pid) => {
  const state = () => {
    try {
      const stat = fs.readFileSync('/proc/' + pid + '/stat', 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2)[0];
    } catch (_) {
      return 'X';
    }
  };
  try {
    process.kill(pid, 'SIGSTOP');
  } catch (_) {
    return false;
  }
  await wait(() => 'TZX'.includes(state()));
  return state() === 'T';
};
/** Runs the body while a copy stands still in the middle of its work; the capture's result. */
const whileStopped = async (where, body) => {
  const kept = Array.from({ length: 300000 }, (_, n) => ({ n }));
  for (;;) {
    let isOver = false;
    const taken = forked(where, { force: true }).finally(() => { isOver = true; });
    await wait(() => copy() || isOver);
    const pid = Number(copy());
    if (!pid) {
      // It was done before it was seen: a machine with better things to do.
      await taken;
      continue;
    }
    process.kill(pid, 'SIGSTOP');
    try {
      await body();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    assert.ok(kept);
    return taken;
  }
};
`;
/** Runs the script, in an async function, in a process of its own that must end well. */
const child = (script, options) => passes(FORK + `(async () => { ${script} })();`, options);

module.exports = { FORK, child };
