'use strict';

// Uploads are kept until they are confirmed, and some never are. Nothing grows on V8's heap to speak of: the bytes are outside.

const unconfirmed = [];

module.exports = {
  name: 'Buffers kept in an array',
  leaks: true,
  channel: 'external',
  natural: true,
  naturalRounds: 600,
  round() {
    unconfirmed.push(Buffer.alloc(256 * 1024, 1));
  },
};

if (require.main === module) require('../driver').main(module.exports);
