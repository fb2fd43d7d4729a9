'use strict';
// How far an analysis is: a line on standard error that is drawn over, on a terminal only.

const AFTER_MS = 1000;

function progressLine(files) {
  if (!process.stderr.isTTY) return { tell: undefined, clear: () => {} };
  const start = Date.now();
  let drawn = false;
  const tell = ({ phase, file, done, total }) => {
    if (Date.now() - start < AFTER_MS) return;
    drawn = true;
    const percent = total > 0 ? ` ${Math.floor((100 * done) / total)} %` : '';
    process.stderr.write(`\r\x1b[K${files[file] || ''} ${phase}${percent}`);
  };
  return { tell, clear: () => drawn && process.stderr.write('\r\x1b[K') };
}

module.exports = { progressLine };
