'use strict';

// A job starts its successor from inside its own AsyncLocalStorage scope, and the new store refers to the one around it
// (to inherit from it), so each job's store keeps all stores before it.

const { AsyncLocalStorage, AsyncResource } = require('async_hooks');
const { text } = require('../payload');

const JOBS_PER_ROUND = 100;

let storage = null;
let goOn = null;

function job(number, finished) {
  storage.run({ parent: storage.getStore(), number, trace: text(200) }, () => {
    setImmediate(() => {
      if (number % JOBS_PER_ROUND !== 0) {
        job(number + 1, finished);
        return;
      }
      // The next round goes on from in here, as a scheduler's loop does.
      const scope = new AsyncResource('round');
      goOn = (done) => scope.runInAsyncScope(job, null, number + 1, done);
      finished();
    });
  });
}

module.exports = {
  name: 'chain of AsyncLocalStorage stores',
  leaks: true,
  channel: 'heap',
  node: '>=12.17',
  setup() {
    storage = new AsyncLocalStorage();
  },
  round() {
    return new Promise((resolve) => {
      if (goOn) goOn(resolve);
      else job(1, resolve);
    });
  },
};

if (require.main === module) require('../driver').main(module.exports);
