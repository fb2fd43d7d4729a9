'use strict';
// From snapshot files to their meaning, off this thread.

const fs = require('fs');
const host = require('./host');
const options = require('./options');
const { fromOutcome, invalid } = require('./error');

const { native } = host;

const captures = () => require('./capture');

function checkPath(path) {
  if (typeof path !== 'string' || path === '') {
    throw invalid('path', `must be a non-empty string, not ${options.show(path)}`);
  }
  return path;
}

/** The text of a suppress file, read now so that a wrong path is told at once. */
function suppressText(path) {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    throw invalid('suppress', `cannot be read: ${error.message}`);
  }
}

/** Runs one request of the addon; `{text, suspects}`. */
async function run(request, { onProgress, signal } = {}) {
  const job = native.Analysis.of(JSON.stringify(request));
  const stop = () => job.abort();
  if (signal && signal.aborted) stop();
  else if (signal && signal.addEventListener) signal.addEventListener('abort', stop, { once: true });
  let thrown;
  const tell = (phase, file, done, total) => {
    try {
      onProgress({ phase, file, done, total });
    } catch (error) {
      thrown = thrown || { error };
      stop();
    }
  };
  try {
    const result = await (onProgress ? job.run(tell) : job.run());
    if (thrown) throw thrown.error;
    if (result.error) throw fromOutcome(result.error);
    return result;
  } finally {
    if (signal && signal.removeEventListener) signal.removeEventListener('abort', stop);
  }
}

/** What one snapshot holds. */
async function summarize(path, given) {
  const { topClasses, ...rest } = options.summarize(given);
  if (captures().isCapture(path)) return captures().summarize(path, { topClasses });
  const request = { what: 'summary', paths: [checkPath(path)], format: 'value', topClasses };
  return JSON.parse((await run(request, rest)).text);
}

/** What grew from the first snapshot to the last. */
async function diff(paths, given) {
  if (!Array.isArray(paths) || paths.length < 2) {
    throw invalid('paths', 'must be an array of at least two snapshot files, or two captures, oldest first');
  }
  const count = paths.filter(captures().isCapture).length;
  if (count > 0 && count < paths.length) throw invalid('paths', 'must be snapshot files alone, or captures alone');
  if (paths.every(captures().isCapture)) return captures().diff(paths, options.diff(given));
  const { onProgress, signal, suppress, ...rest } = options.diff(given);
  const request = { what: 'diff', paths: paths.map(checkPath), format: 'value', ...rest };
  if (suppress !== undefined) {
    request.suppress = suppressText(suppress);
    request.today = new Date().toISOString().slice(0, 10);
  }
  return JSON.parse((await run(request, { onProgress, signal })).text);
}

module.exports = { diff, run, summarize, suppressText };
