'use strict';

// Answers compressed one by one. Each compressor has a quarter of a megabyte outside V8's heap, until it is closed.

const zlib = require('zlib');
const { promisify } = require('util');
const { json } = require('../payload');

const gzip = promisify(zlib.gzip);
const gunzip = promisify(zlib.gunzip);
const document = Buffer.from(json(200));

module.exports = {
  name: 'zlib in use',
  leaks: false,
  channel: 'external',
  async round() {
    const packed = await Promise.all(Array.from({ length: 6 }, () => gzip(document)));
    await Promise.all(packed.map((each) => gunzip(each)));
  },
};

if (require.main === module) require('../driver').main(module.exports);
