'use strict';
// What require() costs where there is nothing to load: see load.js.
