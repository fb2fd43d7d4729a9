'use strict';
// What a leak can take: the old generation. V8's heap size limit counts the new
// one as well, 48 MiB and more, which is a good part of a small heap.

const host = require('./host');

const MEBIBYTE = 1 << 20;
const FLAG = /--max[-_]old[-_]space[-_]size[= ](\d+(?:\.\d+)?)/g;

/** The last of these texts' flags, in bytes; what an option sets prevails over the environment. */
function flag(texts) {
  let found;
  for (const match of texts.join(' ').matchAll(FLAG)) found = Number(match[1]) * MEBIBYTE;
  return found;
}

/** In bytes, where it was set for this process or worker. */
function oldGeneration() {
  const set = flag([process.env.NODE_OPTIONS || '', ...process.execArgv]);
  if (set !== undefined || host.threadId === 0) return set;
  // eslint-disable-next-line n/no-unsupported-features/node-builtins -- Node 12.15 has none, and no limits of workers either
  const { resourceLimits } = require('worker_threads');
  const megabytes = resourceLimits && resourceLimits.maxOldGenerationSizeMb;
  return megabytes > 0 ? megabytes * MEBIBYTE : undefined;
}

const set = oldGeneration();

/** Of V8's limit, what old objects may take; all of it where nobody set a limit, which is then large. */
const heapLimit = (whole) => (set > 0 && set < whole ? set : whole);

module.exports = { flag, heapLimit };
