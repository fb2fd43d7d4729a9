'use strict';

// A server renders pages by running the page's code in a new vm context per request, and hands each its own console.
// The page wraps console.error, as browser code likes to. The wrapper closes over the one before it, and so over that one's
// context: a chain in which every context ever made stays alive. detachedContexts stays 0.

const vm = require('vm');

const page = new vm.Script(`
  const nativeError = console.error;
  console.error = (...args) => nativeError('[page]', ...args);
  html = '<ul>' + items.map((item) => '<li>' + item + '</li>').join('') + '</ul>';
`, { filename: 'page.js' });

const original = console.error;

function render(items) {
  const sandbox = { console, items, html: '' };
  page.runInNewContext(sandbox);
  return sandbox.html;
}

module.exports = {
  name: 'vm contexts chained by console.error',
  leaks: true,
  channel: 'contexts',
  natural: true,
  naturalRounds: 600,
  round(i) {
    render([`request ${i}`, 'tea', 'bread']);
  },
  teardown() {
    console.error = original;
  },
};

if (require.main === module) require('../driver').main(module.exports);
