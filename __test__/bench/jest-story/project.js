'use strict';

// Writes a Jest project in TypeScript: some modules of a service, and many small test files that load all of them, as the tests
// of a service load the service.

const fs = require('fs');
const path = require('path');

const MODULES = 6;
const FUNCTIONS_PER_MODULE = 100;

function moduleSource(number) {
  const functions = [];
  for (let i = 0; i < FUNCTIONS_PER_MODULE; i += 1) {
    functions.push(`export function step${i}(state: State, event: Event): State {
  if (event.type !== 'step-${number}-${i}') return state;
  return { ...state, count: state.count + ${i}, last: event.at, module: ${number} };
}
`);
  }
  return `export interface State { count: number; last?: number; module?: number }
export interface Event { type: string; at: number }

${functions.join('\n')}`;
}

function testSource(number) {
  const imports = Array.from({ length: MODULES }, (_, i) => `import * as module${i} from './module${i}';`);
  const modules = Array.from({ length: MODULES }, (_, i) => `module${i}`);
  return `${imports.join('\n')}

const modules: Record<string, any>[] = [${modules.join(', ')}];

test('file ${number} steps through every module', () => {
  let state: module0.State = { count: 0 };
  modules.forEach((each, m) => {
    for (const name of Object.keys(each)) state = each[name](state, { type: \`step-\${m}-\${name.slice(4)}\`, at: ${number} });
  });
  expect(state.count).toBe(${MODULES * FUNCTIONS_PER_MODULE * (FUNCTIONS_PER_MODULE - 1) / 2});
});
`;
}

/** Writes a project of `files` test files into `folder`; the reporter's figures go to `leakwatch.json` in it. */
function create(folder, files, options) {
  fs.mkdirSync(folder, { recursive: true });
  const write = (name, content) => fs.writeFileSync(path.join(folder, name), content);
  const root = path.join(__dirname, '..', '..', '..');
  const config = {
    testEnvironment: 'node',
    transform: { '^.+\\.ts$': [path.join(__dirname, 'node_modules', '@swc', 'jest'), { jsc: { parser: { syntax: 'typescript' }, target: 'es2020' } }] },
    reporters: [[path.join(root, 'jest-reporter.js'), { costLimit: false, json: 'leakwatch.json', ...options }]],
    cacheDirectory: path.join(folder, '.jest-cache'),
  };
  write('package.json', JSON.stringify({ name: 'many-test-files', private: true }));
  write('jest.config.json', JSON.stringify(config, null, 2));
  for (let i = 0; i < MODULES; i += 1) write(`module${i}.ts`, moduleSource(i));
  for (let i = 0; i < files; i += 1) write(`file${String(i).padStart(3, '0')}.test.ts`, testSource(i));
  return path.join(folder, 'jest.config.json');
}

module.exports = { create };
