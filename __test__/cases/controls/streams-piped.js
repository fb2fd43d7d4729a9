'use strict';

// Megabytes piped through transforms, with back-pressure: each chunk is gone when the next has taken its place.

const { PassThrough, Readable, Transform, Writable, pipeline } = require('stream');

const CHUNKS = 40;
let bytes = 0;

function transfer() {
  let left = CHUNKS;
  const source = new Readable({
    read() {
      left -= 1;
      this.push(left < 0 ? null : Buffer.alloc(32 * 1024, left));
    },
  });
  const invert = new Transform({
    transform(chunk, encoding, done) {
      done(null, chunk.map((byte) => 255 - byte));
    },
  });
  const sink = new Writable({
    write(chunk, encoding, done) {
      bytes += chunk.length;
      setImmediate(done);
    },
  });
  return new Promise((resolve, reject) => {
    pipeline(source, invert, new PassThrough(), sink, (error) => (error ? reject(error) : resolve()));
  });
}

module.exports = {
  name: 'streams piped with back-pressure',
  leaks: false,
  channel: 'external',
  round: transfer,
};

if (require.main === module) require('../driver').main(module.exports);
