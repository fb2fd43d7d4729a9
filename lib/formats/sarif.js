'use strict';
// SARIF 2.1.0, as GitHub's code scanning reads it. Pure.

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

/** A path as SARIF wants it: relative to the root with forward slashes, or a file URL. */
function artifact(url, root) {
  const slashed = url.replace(/\\/g, '/');
  const base = root ? `${root.replace(/\\/g, '/').replace(/\/$/, '')}/` : undefined;
  const encode = (text) => text.split('/').map(encodeURIComponent).join('/');
  if (base && slashed.startsWith(base)) return { uri: encode(slashed.slice(base.length)), uriBaseId: 'SRCROOT' };
  if (/^[a-z][a-z0-9+.-]+:/i.test(slashed) && !/^[a-z]:\//i.test(slashed)) return { uri: slashed };
  if (slashed.startsWith('/')) return { uri: `file://${encode(slashed)}` };
  if (/^[a-z]:\//i.test(slashed)) return { uri: `file:///${slashed.slice(0, 2)}${encode(slashed.slice(2))}` };
  return { uri: encode(slashed), uriBaseId: 'SRCROOT' };
}

function physical({ url, line, column }, root) {
  const out = { artifactLocation: artifact(url, root) };
  if (line >= 1) {
    out.region = { startLine: line };
    if (column >= 1) out.region.startColumn = column;
  }
  return { physicalLocation: out };
}

function result({ ruleId, level, message, location, related = [], fingerprint, suppressed, properties }, root) {
  const out = { ruleId, level: level || 'error', message: { text: message } };
  if (location) out.locations = [physical(location, root)];
  if (related.length > 0) out.relatedLocations = related.map((each, id) => Object.assign({ id }, physical(each, root)));
  if (fingerprint) out.partialFingerprints = { 'leakwatch/v1': fingerprint };
  if (suppressed !== undefined) out.suppressions = [{ kind: 'external', status: 'accepted', justification: suppressed }];
  if (properties) out.properties = properties;
  return out;
}

/**
 * `{tool: {name, version, uri?}, rules: [{id, text, help?}], results: [{ruleId, level?, message, location?: {url, line?,
 * column?}, related?, fingerprint?, suppressed?: reason, properties?}], root?}` as a document. Lines and columns from 1.
 */
function sarif({ tool, rules, results, root }) {
  const driver = {
    name: tool.name,
    version: tool.version,
    rules: rules.map(({ id, text, help }) => {
      const rule = { id, shortDescription: { text } };
      if (help) rule.help = { text: help };
      return rule;
    }),
  };
  if (tool.uri) driver.informationUri = tool.uri;
  const run = { tool: { driver }, columnKind: 'utf16CodeUnits', results: results.map((each) => result(each, root)) };
  if (root) {
    const { uri } = artifact(`${root.replace(/[\\/]$/, '')}/`);
    run.originalUriBaseIds = { SRCROOT: { uri } };
  }
  return `${JSON.stringify({ $schema: SCHEMA, version: '2.1.0', runs: [run] }, null, 2)}\n`;
}

module.exports = { sarif };
