'use strict';

// What TypeScript makes of async functions when its target is es2015: every call makes a generator function, whose
// prototype inherits from %GeneratorPrototype%. On Node 11.0 to 12.15, V8 lists each such prototype in a weak array under that one's
// PrototypeInfo and never uses a cleared slot again, so a single hidden array grows by 8 bytes per call, in steps.

const CALLS_PER_ROUND = 20000;

function spawn(self, generator) {
  return new Promise((resolve, reject) => {
    function step(advance) {
      let result;
      try {
        result = advance();
      } catch (error) {
        reject(error);
        return;
      }
      if (result.done) resolve(result.value);
      else Promise.resolve(result.value).then((value) => step(() => running.next(value)), (error) => step(() => running.throw(error)));
    }
    const running = generator.call(self);
    step(() => running.next());
  });
}

class Store {
  load(id) {
    return spawn(this, function* () {
      return { id };
    });
  }
}

module.exports = {
  name: 'generators of transpiled async functions',
  leaks: 'by version',
  leaksOn: '<12.16',
  versions: ['12.15.0', '12.22.12'],
  channel: 'heap',
  // The array grows by half of its length at a time: with these calls before rounds 12, 18, 27 and 40.
  rounds: 45,
  async round() {
    const store = new Store();
    for (let i = 0; i < CALLS_PER_ROUND; i += 1) await store.load(i);
  },
};

if (require.main === module) require('../driver').main(module.exports);
