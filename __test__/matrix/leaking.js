'use strict';
// A leak of a module's own. Only the module cache holds it, so that it is held in one way whatever runs in the moment of a
// capture: what a function under way holds as well is dominated by the stack.

class CapturedSubject {}
const subjects = new Map();

exports.grow = (count) => {
  for (let n = 0; n < count; n++) subjects.set(subjects.size, Object.assign(new CapturedSubject(), { list: new Array(50).fill(n + 0.5) }));
};
