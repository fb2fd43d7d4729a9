'use strict';
// What one snapshot says about the environments in it.

const path = require('path');
const analysis = require('../analysis');
const { MARK } = require('./labels');
const { explain } = require('./reasons');

const OWN_FOLDER = path.join(__dirname, '..') + path.sep;

/** Explanations by label of the environments that stay behind. */
async function explainSnapshot(file, labels, { rootDir } = {}) {
  const request = { what: 'retainers', paths: [file], format: 'value', mark: MARK, labels, ownFolder: OWN_FOLDER };
  const out = new Map();
  for (const retained of JSON.parse((await analysis.run(request)).text)) {
    const { label, through } = retained;
    if (through) out.set(label, { kind: 'through', through });
    else out.set(label, explain(retained, { rootDir }));
  }
  return out;
}

module.exports = { explainSnapshot };
