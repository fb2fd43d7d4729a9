'use strict';
// Numbers that measuring and judging must agree on.

module.exports = {
  /** A file is overdue once this many others have begun after it. */
  LATER_FILES: 2,
};
