/** Calls back every so often until it is stopped. */
export class Clock {
  constructor(ms, onTick) {
    this.timer = setInterval(onTick, ms);
  }

  stop() {
    clearInterval(this.timer);
  }
}
