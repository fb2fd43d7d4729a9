'use strict';
// What measuring costs an isolate: on the clock, and in CPU time, since V8's
// helper threads collect garbage as well.

const host = require('../host');

// Tests that fake the clock must not fake this one.
const { cpuUsage, hrtime } = process;

const now = () => {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
};

const ofProcess = () => {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
};
/** Of a worker thread nobody can tell which CPU time is its own. */
const cpu = host.threadId === 0 ? ofProcess : () => 0;

let isFirst = true;

class Cost {
  constructor() {
    // In watch mode a process has a series for each run, and sits idle between.
    this.startedAt = isFirst ? now() - process.uptime() * 1000 : now();
    this.cpuAtStart = isFirst ? 0 : cpu();
    isFirst = false;
    this.spentMs = 0;
    this.spentCpuMs = 0;
    this.last = { ms: 0, cpuMs: 0 };
  }

  get elapsedMs() {
    return now() - this.startedAt;
  }

  /** Does what counts. */
  spend(work) {
    const [result, last] = timed(work);
    this.last = last;
    this.spentMs += last.ms;
    this.spentCpuMs += last.cpuMs;
    return result;
  }

  /** Does what a leak pays for, not the limit on a clean run; how long it took. */
  exempt(work) {
    const [, { ms, cpuMs }] = timed(work);
    this.startedAt += ms;
    this.cpuAtStart += cpuMs;
    return ms;
  }

  /** Whether as much once more, and again at the end, stays within this share of everything. */
  allows(share) {
    const { ms, cpuMs } = this.last;
    return this.spentMs + 2 * ms <= share * this.elapsedMs && this.spentCpuMs + 2 * cpuMs <= share * (cpu() - this.cpuAtStart);
  }
}

function timed(work) {
  const [start, cpuBefore] = [now(), cpu()];
  const result = work();
  return [result, { ms: now() - start, cpuMs: cpu() - cpuBefore }];
}

module.exports = { Cost };
