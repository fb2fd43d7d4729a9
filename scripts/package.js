'use strict';
// Makes the npm package of one platform's binary, or names all of them as
// optional dependencies of the main one. No install script is needed then: npm
// installs the one package that fits.

const fs = require('fs');
const path = require('path');

const ROOT = path.join(__dirname, '..');
const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

const LIBRARIES = { linux: 'libleakwatch.so', darwin: 'libleakwatch.dylib', win32: 'leakwatch.dll' };
const PLATFORMS = [
  'linux-x64-gnu',
  'linux-arm64-gnu',
  'linux-x64-musl',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64-msvc',
];

function write(file, value) {
  fs.writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

function binary(name, target) {
  if (!PLATFORMS.includes(name)) {
    throw new Error(`unknown platform '${name}'; known are ${PLATFORMS.join(', ')}`);
  }
  const [os, cpu, libc] = name.split('-');
  const folder = path.join(ROOT, 'packages', name);
  const file = `leakwatch.${name}.node`;
  fs.mkdirSync(folder, { recursive: true });
  const built = path.join(ROOT, 'target', target || '', 'release', LIBRARIES[os]);
  fs.copyFileSync(built, path.join(folder, file));
  write(path.join(folder, 'package.json'), {
    name: `@leakwatch/${name}`,
    version: manifest.version,
    description: `The leakwatch binary for ${name}`,
    license: manifest.license,
    main: file,
    files: [file],
    os: [os],
    cpu: [cpu],
    ...(os === 'linux' ? { libc: [libc === 'gnu' ? 'glibc' : 'musl'] } : {}),
    engines: manifest.engines,
  });
  return folder;
}

function main() {
  const dependencies = PLATFORMS.map((name) => [`@leakwatch/${name}`, manifest.version]);
  write(path.join(ROOT, 'package.json'), {
    ...manifest,
    optionalDependencies: Object.fromEntries(dependencies),
  });
}

const [name, target] = process.argv.slice(2);
if (name === '--main') main();
else process.stdout.write(`${path.relative(ROOT, binary(name, target))}\n`);
