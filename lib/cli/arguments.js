'use strict';
// Arguments of the commands that have options of their own. Pure.

const { isVersion } = require('../options');

/** What the caller got wrong on the command line. */
class Wrong extends Error {}

const whole = (least) => (name, text) => {
  if (!/^\d{1,15}$/.test(text) || Number(text) < least) throw new Wrong(`${name} needs a whole number from ${least}, not '${text}'`);
  return Number(text);
};

const UNITS = { ms: 1, s: 1000, m: 60000, h: 3600000 };

/** `10s`, `500ms`, `2m`; a number alone is seconds. In milliseconds. */
function duration(name, text) {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (!match) throw new Wrong(`${name} needs a time like 10s, 500ms or 2m, not '${text}'`);
  return Number(match[1]) * UNITS[match[2] || 's'];
}

const oneOf = (...values) => (name, text) => {
  if (!values.includes(text)) throw new Wrong(`${name} needs ${values.join(' or ')}, not '${text}'`);
  return text;
};

const nodeVersion = (name, value) => {
  if (!isVersion(value)) throw new Wrong(`${name} needs a version like 20.11.0, not '${value}'`);
  return value;
};

const text = (name, value) => {
  if (value === '') throw new Wrong(`${name} needs a value`);
  return value;
};

const camelCase = (name) => name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/** A switch takes no value. */
const flag = null;
/** May be given several times. */
const many = (rule) => Object.assign((name, value) => rule(name, value), { many: true });

/**
 * `{options, rest, command}`: options by their names without dashes in camel case, `rest`
 * what is no option, `command` what follows `--`.
 */
function parse(argv, rules) {
  const options = {};
  const rest = [];
  for (let at = 0; at < argv.length; at++) {
    const arg = argv[at];
    if (arg === '--') return { options, rest, command: argv.slice(at + 1) };
    if (!arg.startsWith('-') || arg === '-') {
      rest.push(arg);
      continue;
    }
    const [, name, given] = /^([^=]+)(?:=([^]*))?$/.exec(arg);
    if (!Object.prototype.hasOwnProperty.call(rules, name)) {
      throw new Wrong(`unknown option ${name}; known are ${Object.keys(rules).join(', ')}`);
    }
    const rule = rules[name];
    const key = camelCase(name.replace(/^-+/, ''));
    if (rule === flag) {
      if (given !== undefined) throw new Wrong(`${name} takes no value`);
      options[key] = true;
      continue;
    }
    if (given === undefined && at + 1 >= argv.length) throw new Wrong(`${name} needs a value`);
    const value = rule(name, given === undefined ? argv[++at] : given);
    if (rule.many) (options[key] = options[key] || []).push(value);
    else options[key] = value;
  }
  return { options, rest, command: undefined };
}

module.exports = { Wrong, camelCase, duration, flag, many, nodeVersion, oneOf, parse, text, whole };
