'use strict';

/** Calls back every so often until it is stopped. */
class Clock {
  constructor(ms, onTick) {
    this.timer = setInterval(onTick, ms);
  }

  stop() {
    clearInterval(this.timer);
  }
}

module.exports = { Clock };
