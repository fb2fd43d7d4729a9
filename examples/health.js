'use strict';
// What the health endpoint of the examples beside this answers: whether the
// process leaks, as JSON, and 503 once it should be replaced.

// In a program of yours: require('leakwatch').
const leakwatch = require('..');

/** A leak that reaches the limit within this is no longer a matter for tomorrow. */
const URGENT_MS = 60 * 60 * 1000;

const watch = leakwatch.start();

// The verdict changes with a baseline, and only then is it worked out anew: a
// probe every second costs nothing.
let trend = null;
watch.on('baseline', () => {
  trend = null;
});

/** `{code, body}` for a verdict. */
function answer({ verdict, channel, reason, timeToLimitMs }) {
  const isUrgent = verdict === 'leaking' && timeToLimitMs !== null && timeToLimitMs < URGENT_MS;
  return {
    code: isUrgent ? 503 : 200,
    body: { status: isUrgent ? 'unhealthy' : 'ok', memory: { verdict, channel, reason, timeToLimitMs } },
  };
}

function health() {
  if (!trend) trend = leakwatch.trend();
  return answer(trend);
}

module.exports = { answer, health };
