// Five test files that leak, one in each common way: `npm run leaks` names each with its reason, and fails.
module.exports = {
  roots: ['<rootDir>/leaks'],
  // Some of them would keep Jest from ending by itself.
  forceExit: true,
  reporters: ['default', ['leakwatch/jest-reporter', { failOnLeak: true, junit: 'reports/leaks.xml', sarif: 'reports/leaks.sarif' }]],
};
