'use strict';
// How much of a small heap check() may fill. V8 ends a process whose heap stays
// nearly full after collecting; it must not be check() that fills it.

const { LeakwatchError } = require('../error');
const { heapLimit } = require('../heap-limit');
const { gc, heapStatistics } = require('../baselines');
const { amount } = require('./text');

/** V8 gives up above 80 % of the limit. */
const CEILING = 0.7;
/** With less nothing could be told from noise. */
const LEAST = 512 << 10;
/** With more, what is planned by the measure of the warm-up stays far below it. */
const SMALL = 256 << 20;
/** A call that takes more than this share of the room is followed one by one. */
const LARGE_CALL = 1 / 32;

class Room {
  constructor() {
    const { heapSizeLimit, usedHeapSize } = heapStatistics();
    this.limit = heapLimit(heapSizeLimit);
    this.ceiling = CEILING * this.limit;
    this.isSmall = this.left(usedHeapSize) < SMALL;
    this.seen = usedHeapSize;
    this.lookFrom = 0;
  }

  /** Bytes that may be filled where so many are in use. */
  left(used) {
    return Math.max(0, this.ceiling - used);
  }

  /** Throws where too few are. */
  require(used) {
    if (this.left(used) >= LEAST) return;
    throw new LeakwatchError(
      'ERR_LEAKWATCH_NOT_ENOUGH_MEMORY',
      `check() has no room: ${amount('heap', used)} of the heap's ${amount('heap', this.limit)} are in use, and it ends below ${100 * CEILING} %. ` +
        'Give the process more (--max-old-space-size, in MB), or check a function that keeps less'
    );
  }

  /** Whether more than `bound` is in use, garbage left out. Asked often: collects only where there is something to find. */
  isFull(bound) {
    const { usedHeapSize } = heapStatistics();
    this.rose = usedHeapSize - this.seen;
    this.seen = usedHeapSize;
    if (usedHeapSize < Math.max(bound, this.lookFrom)) return false;
    gc();
    this.seen = heapStatistics().usedHeapSize;
    // Otherwise a function that makes much garbage would have it collected at every look.
    this.lookFrom = this.seen + Math.max(LEAST, this.left(this.seen) / 4);
    return this.seen > bound;
  }

  /** Whether what was done since the last look took much of what there is. */
  wasLarge() {
    return this.rose > LARGE_CALL * this.ceiling;
  }
}

module.exports = { Room };
