'use strict';

// Middleware that wraps the handler on each call instead of once: one more closure, with its own options, around all others.

const { text } = require('../payload');

let handler = (request) => request.id;

function instrument() {
  const inner = handler;
  const options = { label: text(300) };
  handler = (request) => (request.skip ? options.label : inner(request));
}

module.exports = {
  name: 'handler that is wrapped again and again',
  leaks: true,
  channel: 'heap',
  round() {
    for (let n = 0; n < 60; n += 1) instrument();
    handler({ skip: true });
  },
};

if (require.main === module) require('../driver').main(module.exports);
