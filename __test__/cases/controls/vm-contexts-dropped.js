'use strict';

// Pages rendered in a new vm context each, by code that wraps nothing: the contexts go with the next full GC or two.

const vm = require('vm');

const page = new vm.Script('html = "<ul>" + items.map((item) => "<li>" + item + "</li>").join("") + "</ul>";', { filename: 'page.js' });
let length = 0;

module.exports = {
  name: 'vm contexts created and dropped',
  leaks: false,
  channel: 'contexts',
  natural: true,
  naturalRounds: 800,
  round(i) {
    const sandbox = { console, items: [`request ${i}`, 'tea', 'bread'], html: '' };
    page.runInNewContext(sandbox);
    length += sandbox.html.length;
  },
};

if (require.main === module) require('../driver').main(module.exports);
