'use strict';

// A rule engine makes a vm context for each tenant that calls and keeps it for the next call, which comes from another tenant.

const vm = require('vm');

const contexts = new Map();
const rule = new vm.Script('allowed = roles.includes("reader")', { filename: 'rule.js' });

function evaluate(tenant) {
  if (!contexts.has(tenant)) contexts.set(tenant, vm.createContext({ tenant, roles: ['reader'], allowed: false }));
  rule.runInContext(contexts.get(tenant));
}

module.exports = {
  name: 'vm contexts kept by tenant',
  leaks: true,
  channel: 'contexts',
  round(i) {
    for (let n = 0; n < 3; n += 1) evaluate(`tenant ${i}/${n}`);
  },
};

if (require.main === module) require('../driver').main(module.exports);
