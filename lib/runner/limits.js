'use strict';
// Numbers that measuring and judging must agree on.

module.exports = {
  /** A file is overdue once this many others have begun after it. */
  LATER_FILES: 2,
  /** The heap has risen, if it is so many times what it was after the first file, and so many bytes more. */
  RISE_FACTOR: 1.3,
  MIN_RISE: 8e6,
};
