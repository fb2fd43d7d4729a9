'use strict';
module.exports = { junit: () => '', sarif: () => '' };
