'use strict';
// JUnit XML, as Jenkins and GitLab read it. Pure.

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;', '\n': '&#10;', '\t': '&#9;', '\r': '&#13;' };
/** Characters that XML 1.0 has no way to write; escapes of terminals are among them. */
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

const clean = (text) => String(text).replace(FORBIDDEN, '\uFFFD');
const attribute = (text) => clean(text).replace(/[&<>"'\n\t\r]/g, (c) => ESCAPES[c]);
const content = (text) => clean(text).replace(/[&<>]/g, (c) => ESCAPES[c]);

function tag(name, attributes, children = []) {
  const shown = Object.keys(attributes)
    .filter((key) => attributes[key] !== undefined && attributes[key] !== null)
    .map((key) => ` ${key}="${attribute(attributes[key])}"`)
    .join('');
  if (children.length === 0) return `<${name}${shown}/>`;
  return `<${name}${shown}>${children.join('')}</${name}>`;
}

function testcase({ name, classname, file, line, seconds, failure, skipped }) {
  const children = [];
  if (failure) {
    const { message, type, text } = failure;
    children.push(tag('failure', { message, type }, text ? [content(text)] : []));
  }
  if (skipped) children.push(tag('skipped', { message: skipped }));
  return `\n    ${tag('testcase', { name, classname, file, line, time: time(seconds) }, children)}`;
}

const time = (seconds) => (seconds === undefined || seconds === null ? undefined : seconds.toFixed(3));

function testsuite({ name, timestamp, cases, properties = {} }) {
  const failures = cases.filter(({ failure }) => failure).length;
  const skipped = cases.filter((each) => each.skipped).length;
  const seconds = cases.reduce((sum, each) => sum + (each.seconds || 0), 0);
  const names = Object.keys(properties);
  const children = [];
  if (names.length > 0) {
    const listed = names.map((key) => `\n      ${tag('property', { name: key, value: properties[key] })}`);
    children.push(`\n    ${tag('properties', {}, [...listed, '\n    '])}`);
  }
  children.push(...cases.map(testcase));
  const attributes = { name, tests: cases.length, failures, errors: 0, skipped, time: time(seconds), timestamp };
  return `\n  ${tag('testsuite', attributes, [...children, '\n  '])}`;
}

/**
 * `{name, suites: [{name, timestamp?, properties?, cases: [{name, classname?, file?, line?, seconds?, failure?: {message,
 * type?, text?}, skipped?: reason}]}]}` as a document.
 */
function junit({ name, suites }) {
  const all = [].concat(...suites.map(({ cases }) => cases));
  const attributes = {
    name,
    tests: all.length,
    failures: all.filter(({ failure }) => failure).length,
    errors: 0,
    time: time(all.reduce((sum, { seconds }) => sum + (seconds || 0), 0)),
  };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${tag('testsuites', attributes, [...suites.map(testsuite), '\n'])}\n`;
}

module.exports = { junit };
