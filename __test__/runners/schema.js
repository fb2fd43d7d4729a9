'use strict';

// SARIF 2.1.0's own JSON schema.

const fs = require('fs');
const path = require('path');

/** What the schema has against a document. */
function sarifErrors(text) {
  const Ajv = require('ajv-draft-04');
  const addFormats = require('ajv-formats');
  const file = path.join(path.dirname(require.resolve('@microsoft/jest-sarif')), 'schemas', 'sarif-2.1.0-rtm.5.json');
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  addFormats(ajv);
  const validate = ajv.compile(JSON.parse(fs.readFileSync(file, 'utf8')));
  return validate(JSON.parse(text)) ? [] : validate.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
}

module.exports = { sarifErrors };
