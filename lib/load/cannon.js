'use strict';
// Drives a server with autocannon, which is the user's own or the one beside us.

const { isNumbered, numbered } = require('./scenario');
const { LeakwatchError } = require('../error');

/** It looks this often whether all is done, and would otherwise take a second for each round. */
const SAMPLE_MS = 50;
/** A request that takes longer is lost; a slow server, or a busy machine, is no failure. */
const TIMEOUT_S = 60;
/** After so many failed connections or time-outs a round is given up. */
const BAILOUT = 50;

function loadAutocannon() {
  // The project's own first, then one that is installed beside leakwatch.
  for (const paths of [[process.cwd()], undefined]) {
    try {
      return require(require.resolve('autocannon', paths && { paths }));
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') {
        throw new LeakwatchError('ERR_LEAKWATCH_UNAVAILABLE', `autocannon does not load on Node ${process.version}: ${error.message}`);
      }
    }
  }
  throw new LeakwatchError(
    'ERR_LEAKWATCH_UNAVAILABLE',
    'autocannon is not installed, and load drives the server with it: npm install --save-dev autocannon'
  );
}

class Cannon {
  constructor({ url, requests, connections }) {
    this._autocannon = loadAutocannon();
    this._url = url;
    this._connections = connections;
    this._sent = 0;
    this._requests = requests.map((request) => {
      if (!isNumbered(request)) return request;
      // Its first form too: autocannon builds one before it asks for the next.
      return { ...numbered(request, 'first'), setupRequest: () => numbered(request, this._sent++) };
    });
    this._running = null;
  }

  /** One round; resolves with its figures. */
  async round(amount) {
    const running = this._autocannon({
      url: this._url.origin,
      requests: this._requests,
      connections: Math.min(this._connections, amount),
      amount,
      bailout: BAILOUT,
      timeout: TIMEOUT_S,
      sampleInt: SAMPLE_MS,
    });
    this._running = running;
    const result = await running;
    this._running = null;
    return figures(result);
  }

  /** Ends the round under way, if there is one. */
  stop() {
    if (this._running) this._running.stop();
  }
}

function figures(result) {
  const { requests, latency, errors, timeouts, duration } = result;
  return {
    requests: requests.total,
    seconds: duration,
    perSecond: duration > 0 ? requests.total / duration : 0,
    p50: latency.p50,
    p99: latency.p99,
    // Redirects are answers; only refusals are not.
    refused: result['4xx'] + result['5xx'],
    statuses: statuses(result),
    errors,
    timeouts,
  };
}

/** Counts by status code, the refusals alone. */
function statuses({ statusCodeStats = {} }) {
  const out = {};
  for (const code of Object.keys(statusCodeStats)) if (Number(code) >= 400) out[code] = statusCodeStats[code].count;
  return out;
}

module.exports = { Cannon };
