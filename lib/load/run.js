'use strict';
// A check under load, from the server's start to the suspects. What it finds is
// one value; nothing is printed here.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { diff } = require('../analysis');
const { removeFolder } = require('../evidence/remove');
const { Cannon } = require('./cannon');
const { Child, failure, responds } = require('./child');
const { isAccepted, isEngineGrowth, judge, worst } = require('./judge');
const { findTargets, forEach } = require('./targets');

const SCHEMA = 1;
/** Captures of what leaks, and the rounds of load between two of them as a share of all. */
const CAPTURES = 3;
const BETWEEN = 1 / 4;
/** An array that is made half as large again each time it is full may take so many times all rounds to show. */
const MOST_BETWEEN = 2;
/** Rounds before the first that counts: Node's HTTP code alone takes a thousand requests to be compiled… */
const WARM_UP_ROUNDS = 3;
/** …but a slow server need not be waited for. */
const WARM_UP_MS = 10000;
/** For what a request left to be done after its answer. */
const REST_MS = 200;
const { version } = require('../../package.json');

class Load {
  /** `plan`: url, requests, command, rounds, perRound, connections, startTimeout, echo, top, suppress, allowErrors. */
  constructor(plan, tell) {
    this._plan = plan;
    this._tell = tell;
    this._rounds = [];
    this._targets = [];
    this._folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-load-'));
    this._onExit = () => removeFolder(this._folder);
    process.on('exit', this._onExit);
  }

  async run() {
    try {
      const cannon = new Cannon(this._plan);
      if (await responds(this._plan.url)) {
        throw failure(`something answers at ${this._plan.url.href} already: end it, or let the server under test listen elsewhere`);
      }
      return await this._check(cannon);
    } finally {
      if (this._child) await this._child.stop();
      removeFolder(this._folder);
      process.removeListener('exit', this._onExit);
    }
  }

  /** Ends the server before its time. */
  async stop() {
    this._isStopped = true;
    if (this._child) await this._child.stop();
  }

  async _check(cannon) {
    const { url, command, echo, startTimeout, rounds } = this._plan;
    const control = path.join(this._folder, 'c');
    fs.mkdirSync(control, { mode: 0o700 });
    this._tell({ phase: 'start' });
    this._child = new Child(command, { control, echo });
    await this._child.answers(url, startTimeout);
    await this._warmUp(cannon);
    this._targets = await findTargets(control, this._child);
    await this._baseline('the warm-up');
    for (let round = 1; round <= rounds; round++) await this._judged(cannon, round);
    // A rise that is not yet sure gets as many rounds again to become so, or not.
    for (let round = rounds + 1; round <= 2 * rounds && this._isUndecided(); round++) {
      await this._judged(cannon, round);
    }
    const judged = this._targets.filter((target) => !target.lost);
    if (judged.length === 0) throw failure('no process of the server lived through all rounds, so that none can be judged');
    const leaking = judged.filter((target) => target.trend.verdict === 'leaking');
    if (leaking.length > 0) await this._capture(cannon, leaking);
    await this._child.stop();
    for (const target of leaking) await this._explain(target);
    return this._result(judged);
  }

  /** What is loaded, started and compiled with the first requests is no growth. */
  async _warmUp(cannon) {
    const begun = Date.now();
    for (let round = 0; round < WARM_UP_ROUNDS && Date.now() - begun < WARM_UP_MS; round++) {
      this._tell({ phase: 'warm-up' });
      await this._round(cannon, 'the warm-up');
    }
  }

  async _judged(cannon, round) {
    const figures = await this._round(cannon, `round ${round}`);
    await this._baseline(`round ${round}`);
    for (const target of this._targets) if (!target.lost) target.trend = judge(target);
    this._rounds.push({ round, ...figures });
    this._tell({ phase: 'round', round, rounds: this._plan.rounds, figures, targets: this._targets });
  }

  /** Something grows that may yet turn out to leak; RSS alone never does. */
  _isUndecided() {
    const trends = this._targets.filter(({ lost }) => !lost).map(({ trend }) => trend);
    return worst(trends.map(({ verdict }) => verdict)) === 'growing' && trends.some(({ verdict, channel }) => verdict === 'growing' && channel !== 'rss');
  }

  /** One round of requests, all of which must be answered well. */
  async _round(cannon, name) {
    if (this._child.end) throw this._death(name);
    const stop = () => cannon.stop();
    this._child.ended.then(stop);
    const figures = await cannon.round(this._plan.perRound);
    if (this._child.end) throw this._death(name);
    this._checkAnswers(figures, name);
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    return figures;
  }

  _death(when) {
    if (this._isStopped) return failure('stopped');
    const error = this._child.death(`in ${when}`);
    const known = this._targets.filter(({ trend }) => trend && trend.verdict !== 'insufficient');
    for (const { name, trend } of known) error.message += `\nUntil then, ${name} was ${trend.verdict}: ${trend.reason}`;
    return error;
  }

  _checkAnswers({ requests, refused, statuses, errors, timeouts }, name) {
    const { allowErrors, perRound, url } = this._plan;
    if (errors > 0 && !allowErrors) {
      throw failure(
        `${errors} requests of ${name} were not answered${timeouts > 0 ? `, ${timeouts} of them timed out` : ''}; ` +
          'give it less with --connections, or pass --allow-errors'
      );
    }
    if (refused > 0 && !allowErrors) {
      const shown = Object.keys(statuses).map((code) => `${statuses[code]} × ${code}`);
      throw failure(
        `${refused} of ${requests} answers in ${name} were errors (${shown.join(', ')}), and a server that refuses is not tested: ` +
          `check ${url.href}, --method, --header and --body, or pass --allow-errors`
      );
    }
    if (requests + errors < perRound) throw failure(`only ${requests} of ${perRound} requests in ${name} were made`);
  }

  async _baseline(name) {
    await forEach(this._targets, `in ${name}`, (target) => target.baseline(name));
    if (this._child.end) throw this._death(name);
  }

  async _capture(cannon, leaking) {
    for (let at = 0; at < CAPTURES; at++) {
      if (at > 0) await this._grow(cannon, leaking, `the load before capture ${at + 1}`);
      this._tell({ phase: 'capture', capture: at + 1, captures: CAPTURES });
      await forEach(leaking, 'while it was captured', (target) => target.capture(this._folder));
    }
  }

  /** Load until what leaks has grown as it does; a leak that comes in steps is waited for. */
  async _grow(cannon, leaking, name) {
    const { rounds } = this._plan;
    const least = Math.max(1, Math.round(rounds * BETWEEN));
    const hasGrown = ({ lost, trend, grown }) => lost || grown >= (trend.bytesPerTick * least) / 2;
    for (let round = 1; round <= MOST_BETWEEN * rounds; round++) {
      await this._round(cannon, name);
      if (round < least) continue;
      await forEach(leaking, `in ${name}`, (target) => target.measureGrowth());
      if (leaking.every(hasGrown)) return;
    }
  }

  /** Finds what leaks; what turns out to be V8's own is no leak of the program's. */
  async _explain(target) {
    const { top, suppress } = this._plan;
    if (target.captures.length < 2) return;
    this._tell({ phase: 'analyse' });
    const options = {};
    if (top !== undefined) options.topSuspects = top;
    if (suppress !== undefined) options.suppress = suppress;
    target.diff = await diff(target.captures, options);
    if (target.trend.channel === 'heap' && isEngineGrowth(target.diff)) {
      target.trend.verdict = 'growing';
      target.trend.reason += '; but between two captures nothing of the program piled up: what grew is code that V8 compiled';
    }
  }

  _result(judged) {
    const { url, command, perRound, connections, requests } = this._plan;
    const verdict = worst(judged.map(({ trend }) => trend.verdict));
    const processes = judged.map((target) => this._process(target));
    return {
      schema: SCHEMA,
      leakwatch: version,
      command: 'load',
      verdict,
      leaking: processes.some((each) => each.verdict === 'leaking' && !isAccepted(each)),
      url: url.href,
      server: command,
      requests: requests.map(({ method, path: where }) => ({ method, path: where })),
      requestsPerRound: perRound,
      connections,
      rounds: this._rounds,
      processes,
      notJudged: this._targets.filter(({ lost }) => lost).map(({ pid, thread, script, lost }) => ({ pid, thread, script, why: lost })),
    };
  }

  _process({ pid, thread, name, script, node, heapSizeLimit, trend, baselines, diff: found }) {
    return {
      pid, thread, name, script, node, heapSizeLimit,
      verdict: trend.verdict,
      trend,
      bytesPerRequest: trend.bytesPerTick / this._plan.perRound,
      baselines,
      suspects: found ? found.suspects : [],
      suppressed: (found && found.suppressed) || [],
    };
  }
}

module.exports = { Load };
