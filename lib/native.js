'use strict';
/* global jest */
// Finds the compiled addon: one built here first, then the platform's package.

const fs = require('fs');
const path = require('path');

// Jest's automock would replace the binary as well.
const actual = typeof jest === 'object' && jest.requireActual ? jest.requireActual : require;

const ROOT = path.join(__dirname, '..');

/** Which C library this Node was linked with: its ELF header names the loader. */
function libc() {
  const header = Buffer.alloc(4096);
  let file;
  try {
    file = fs.openSync(process.execPath, 'r');
    fs.readSync(file, header, 0, header.length, 0);
  } catch (_) {
    return '-gnu';
  } finally {
    if (file !== undefined) fs.closeSync(file);
  }
  return header.includes('/ld-musl-') ? '-musl' : '-gnu';
}

/** The name of the binary for this platform, `linux-x64-gnu` for one. */
function platformName() {
  if (process.platform === 'win32') return `win32-${process.arch}-msvc`;
  const base = `${process.platform}-${process.arch}`;
  return process.platform === 'linux' ? base + libc() : base;
}

function missing(name, errors) {
  return noBinary(
    `leakwatch has no binary for ${name}: neither leakwatch.${name}.node nor the package ` +
      `@leakwatch/${name} is there. Reinstall with optional dependencies, or build it from ` +
      `source with "npm run build" (needs Rust).${errors.length ? ` Tried: ${errors.join('; ')}` : ''}`
  );
}

function noBinary(message) {
  const error = new Error(message);
  error.code = 'ERR_LEAKWATCH_NO_BINARY';
  return error;
}

function named(file) {
  try {
    return actual(file);
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    throw noBinary(`LEAKWATCH_NATIVE_PATH names ${file}, and there is no such file`);
  }
}

function load() {
  const given = process.env.LEAKWATCH_NATIVE_PATH;
  if (given) return named(path.resolve(given));
  const name = platformName();
  const errors = [];
  const local = path.join(ROOT, `leakwatch.${name}.node`);
  // Only a file that is not there is passed over: one that does not load has
  // a reason, and the reason is the caller's to see.
  if (fs.existsSync(local)) return actual(local);
  errors.push(local);
  try {
    return actual(`@leakwatch/${name}`);
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    errors.push(`@leakwatch/${name}`);
  }
  throw missing(name, errors);
}

module.exports = { load, platformName };
