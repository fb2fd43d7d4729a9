'use strict';
// GCs for the shims: the isolate is watched while somebody listens, and not longer.

const host = require('../host');

const { native } = host;

/** Calls `seen(gc)` for each GC while `emitter` has listeners for one of `events`. */
function follow(emitter, events, seen, more) {
  let end = null;
  const begin = () => {
    // Whoever watches already goes on watching, with the options given there.
    const watching = native.isWatching();
    const watch = require('../watch').start(watching ? undefined : {});
    const starts = watch._starts;
    const flush = () => {
      if (native.isWatching()) watch._poll();
    };
    const undo = more ? more(watch) : () => {};
    watch.on('gc', seen);
    // Events come about once a second; what a short program collected is told at its end.
    process.on('beforeExit', flush);
    end = () => {
      process.removeListener('beforeExit', flush);
      watch.removeListener('gc', seen);
      undo();
      const others = watch.eventNames().some((name) => watch.listenerCount(name) > 0);
      // Whoever called start() since then goes on watching as well.
      const isOurs = !watching && !others && watch._starts === starts;
      if (isOurs && native.isWatching()) watch.stop();
    };
  };
  const wanted = () => events.some((name) => emitter.listenerCount(name) > 0);
  emitter.on('newListener', (name) => {
    if (events.includes(name) && !end) begin();
  });
  emitter.on('removeListener', () => {
    if (!end || wanted()) return;
    end();
    end = null;
  });
}

module.exports = { follow };
