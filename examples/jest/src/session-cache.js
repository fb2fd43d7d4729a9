'use strict';

// One cache for the whole process, however often this module is loaded: Jest loads it anew for each test file, so the cache of
// the first one, and the file with it, lives on.
const { globalAgent } = require('http');
const KEY = Symbol.for('example.sessions');

const sessions = globalAgent[KEY] || (globalAgent[KEY] = new Map());

module.exports = {
  remember: (id, session) => sessions.set(id, session),
  recall: (id) => sessions.get(id),
};
