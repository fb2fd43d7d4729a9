'use strict';

const js = require('@eslint/js');
const n = require('eslint-plugin-n');
const globals = require('globals');

// What ships runs on the oldest Node we claim; the rest on the machine's own.
const SHIPPED = ['*.js', 'compat/*.js', 'lib/**/*.js'];
const OLD_TOO = ['__test__/cases/**/*.js', '__test__/matrix/**/*.js'];

module.exports = [
  { ignores: ['target/', '**/.cache/', '**/node_modules/', '**/fixtures/', '**/vendor/', '**/corpus/'] },
  js.configs.recommended,
  {
    files: ['**/*.js'],
    languageOptions: { ecmaVersion: 2023, sourceType: 'commonjs', globals: globals.node },
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: [...SHIPPED, ...OLD_TOO],
    languageOptions: { ecmaVersion: 2019, globals: { globalThis: 'readonly' } },
  },
  {
    // Cases assign what nobody reads, so that it is made and let go, and keep old syntax on purpose.
    files: ['__test__/cases/**/*.js', '__test__/leaks/*.js'],
    rules: { 'no-unused-vars': 'off', 'require-yield': 'off', 'no-redeclare': 'off', 'no-useless-assignment': 'off' },
  },
  {
    files: SHIPPED,
    plugins: { n },
    settings: { node: { version: '>=12.15.0' } },
    rules: {
      'n/no-unsupported-features/es-builtins': ['error', { ignores: ['globalThis'] }],
      'n/no-unsupported-features/es-syntax': 'error',
      'n/no-unsupported-features/node-builtins': [
        'error',
        { ignores: ['process.getBuiltinModule', 'process.getActiveResourcesInfo', 'inspector', 'worker_threads', 'module.createRequire'] },
      ],
    },
  },
  // Runs in the report's page.
  { files: ['lib/report/page/*.js', '__test__/browser/*.js'], languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  { files: ['**/*.mjs', 'examples/vitest/**/*.js'], languageOptions: { sourceType: 'module', globals: globals.node } },
  {
    files: ['__test__/**/*.test.js', 'examples/*/{test,leaks}/**/*.js'],
    languageOptions: { globals: { ...globals.node, ...globals.jest } },
  },
];
