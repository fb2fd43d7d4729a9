'use strict';

// Writes a Jest project that is large enough to show what one test file leaves behind: some modules of many functions,
// and test files that each load all of them, as the tests of a service load the service. Node 16.11 to 20 keep every module
// that Jest compiled, because vm.Script and vm.compileFunction with importModuleDynamically leak there; 14.20 does not.
//
//   node __test__/cases/jest/project.js <folder> [files]     writes the project and prints how to run it

const fs = require('fs');
const path = require('path');

const MODULES = 6;
const FUNCTIONS_PER_MODULE = 100;

function moduleSource(number) {
  const functions = [];
  for (let i = 0; i < FUNCTIONS_PER_MODULE; i += 1) {
    functions.push(`exports.step${i} = function step${i}(state, event) {
  if (event.type !== 'step-${number}-${i}') return state;
  return Object.assign({}, state, { count: state.count + ${i}, last: event.at, module: ${number} });
};
`);
  }
  return `'use strict';\n\n${functions.join('\n')}`;
}

function testSource(number) {
  const modules = Array.from({ length: MODULES }, (unused, i) => `require('./module${i}')`);
  return `'use strict';

const modules = [${modules.join(', ')}];

test('file ${number} steps through every module', () => {
  let state = { count: 0 };
  modules.forEach((each, m) => {
    for (const name of Object.keys(each)) state = each[name](state, { type: \`step-\${m}-\${name.slice(4)}\`, at: ${number} });
  });
  expect(state.count).toBe(${MODULES * FUNCTIONS_PER_MODULE * (FUNCTIONS_PER_MODULE - 1) / 2});
});
`;
}

/** Writes a project of `files` test files into `folder`. `setupFiles` are run by Jest before each of them. */
function create(folder, files, setupFiles) {
  fs.mkdirSync(folder, { recursive: true });
  const write = (name, content) => fs.writeFileSync(path.join(folder, name), content);
  const config = { testEnvironment: 'node', transform: {}, setupFilesAfterEnv: setupFiles || [], cacheDirectory: path.join(folder, '.jest-cache') };
  write('package.json', JSON.stringify({ name: 'many-test-files', private: true }));
  write('jest.config.json', JSON.stringify(config, null, 2));
  for (let i = 0; i < MODULES; i += 1) write(`module${i}.js`, moduleSource(i));
  for (let i = 0; i < files; i += 1) write(`file${String(i).padStart(3, '0')}.test.js`, testSource(i));
  return path.join(folder, 'jest.config.json');
}

if (require.main === module) {
  const [folder, files] = process.argv.slice(2);
  if (!folder) {
    process.stderr.write('usage: project.js <folder> [files]\n');
    process.exitCode = 1;
  } else {
    const config = create(path.resolve(folder), Number(files) || 60);
    const jest = path.relative(process.cwd(), path.join(__dirname, '..', 'node_modules', 'jest', 'bin', 'jest.js'));
    process.stdout.write(`node --expose-gc ${jest} -i --logHeapUsage --config ${config}\n`);
  }
}

module.exports = { create };
