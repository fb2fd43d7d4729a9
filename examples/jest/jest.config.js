// The one line: the reporter adds `leakwatch/jest` to the setup files of each project by itself.
module.exports = {
  roots: ['<rootDir>/test'],
  reporters: ['default', ['leakwatch/jest-reporter', { failOnLeak: true, suppress: 'leaks.json', junit: 'reports/leaks.xml', sarif: 'reports/leaks.sarif' }]],
};
