'use strict';

// Each round some more functions get hot: their feedback, bytecode and machine code grow for a while, and then all are warm.

const FUNCTIONS = 240;
const NEW_PER_ROUND = 30;

const functions = [];
let sum = 0;

function write(number) {
  return new Function('a', 'b', `
    const point = { x${number % 17}: a, y: b, z: ${number} };
    let total = 0;
    for (let i = 0; i < 40; i += 1) total += (point.y * i + point.z) % ${number + 2};
    return total + [point].map((p) => p.y).length;
  `);
}

module.exports = {
  name: 'JIT warm-up of many functions',
  leaks: false,
  channel: 'heap',
  rounds: 40,
  setup() {
    for (let number = 0; number < FUNCTIONS; number += 1) functions.push(write(number));
  },
  round(i) {
    const warm = Math.min(FUNCTIONS, (i + 1) * NEW_PER_ROUND);
    for (let n = 0; n < 300; n += 1) {
      for (let f = 0; f < warm; f += 1) sum += functions[f](n, f);
    }
  },
};

if (require.main === module) require('../driver').main(module.exports);
