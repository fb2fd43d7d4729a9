'use strict';
// GitHub's workflow commands, which become annotations on a pull request. Pure.

const data = (text) => String(text).replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
const property = (text) => data(text).replace(/:/g, '%3A').replace(/,/g, '%2C');

/** `[{level?: 'error' | 'warning' | 'notice', file?, line?, column?, title?, message}]` as lines for standard output. */
function github(annotations) {
  return annotations
    .map(({ level = 'error', message, file, line, column, title }) => {
      const parts = [];
      if (file) parts.push(`file=${property(file)}`);
      if (file && line >= 1) parts.push(`line=${line}`);
      if (file && line >= 1 && column >= 1) parts.push(`col=${column}`);
      if (title) parts.push(`title=${property(title)}`);
      return `::${level}${parts.length > 0 ? ` ${parts.join(',')}` : ''}::${data(message)}\n`;
    })
    .join('');
}

module.exports = { github };
