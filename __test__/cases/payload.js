'use strict';

// Things of a known size for the cases to keep or to drop.

const crypto = require('crypto');

/** A flat string of `length` one-byte characters, equal to no other. ('x'.repeat() would share its halves.) */
function text(length) {
  return crypto.randomBytes(Math.ceil(length / 2)).toString('hex').slice(0, length);
}

/** A record as a service holds one for a user: about 600 bytes. */
function user(id) {
  return {
    id,
    name: `user ${id}`,
    email: text(24),
    roles: ['reader', 'writer'],
    address: { street: text(32), city: text(12), zip: String(10000 + id % 90000) },
    visits: [id, id + 1, id + 2],
  };
}

/** A small service's configuration, as JSON of about `rows` × 100 bytes. */
function json(rows) {
  const items = [];
  for (let i = 0; i < rows; i += 1) items.push({ id: i, key: `key-${i}`, value: text(40), tags: ['a', 'b'] });
  return JSON.stringify({ items });
}

module.exports = { text, user, json };
