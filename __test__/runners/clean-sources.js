'use strict';

// Test files that leak nothing, some of which look as if they did.

const KINDS = [
  "test('adds', () => { expect(1 + 1).toBe(2); });",
  // Ends before its timer fires.
  "test('leaves a late timer', () => { setTimeout(() => {}, 300); });",
  `beforeEach(() => { jest.useFakeTimers(); jest.resetModules(); });
   test('fakes timers', () => {
     const seen = jest.fn();
     setInterval(seen, 10);
     jest.advanceTimersByTime(100);
     expect(seen).toHaveBeenCalledTimes(10);
   });`,
  `const data = Array.from({ length: 50000 }, (_, i) => ({ i, text: 'item ' + i }));
   test('has large data', () => { expect(data).toHaveLength(50000); });`,
  `const { EventEmitter } = require('events');
   test('listens on its own emitter', () => {
     const emitter = new EventEmitter();
     for (let i = 0; i < 10; i++) emitter.on('x', () => i);
     expect(emitter.emit('x')).toBe(true);
   });`,
  `test('listens on the process Jest gave it', () => {
     process.on('exit', () => {});
     global.seen = new Map([[1, 2]]);
     Date.now = () => 42;
     expect(Date.now()).toBe(42);
   });`,
  `const http = require('http');
   test('serves and closes', (done) => {
     const server = http.createServer((request, response) => response.end('hello'));
     server.listen(0, '127.0.0.1', () => {
       http.get({ port: server.address().port, agent: false }, (response) => {
         response.resume();
         response.on('end', () => server.close(done));
       });
     });
   });`,
  `test('leaves a promise that settles late', () => {
     const late = new Promise((resolve) => setTimeout(resolve, 50));
     late.then(() => {});
     return Promise.resolve();
   });`,
  `const fs = require('fs');
   test('spies and restores', () => {
     const spy = jest.spyOn(fs, 'existsSync').mockReturnValue(true);
     expect(fs.existsSync('/nowhere')).toBe(true);
     spy.mockRestore();
   });`,
  `const { Readable } = require('stream');
   test('streams', async () => {
     const seen = [];
     for await (const chunk of Readable.from(['a', 'b', 'c'])) seen.push(chunk);
     expect(seen.join('')).toBe('abc');
   });`,
];

/** `{name: source}` of so many test files. */
function sources(count) {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`file${String(i).padStart(3, '0')}.test.js`, KINDS[i % KINDS.length]]));
}

module.exports = { sources };
