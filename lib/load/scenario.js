'use strict';
// Which requests a load is made of: from the command line or a scenario file.
// Pure, but for the file that is read.

const fs = require('fs');
const { Wrong } = require('../cli/arguments');

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const FIELDS = ['method', 'path', 'url', 'headers', 'body', 'weight'];
const MAX_WEIGHT = 1000;
/** In a path or a body: the number of the request, counted from 0. */
const NUMBER = /\{n\}|%7Bn%7D/gi;

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

function parseUrl(text) {
  let url;
  try {
    url = new URL(text);
  } catch (_) {
    throw new Wrong(`--url needs a whole URL like http://127.0.0.1:3000/, not '${text}'`);
  }
  if (!['http:', 'https:'].includes(url.protocol)) throw new Wrong(`--url needs http or https, not '${url.protocol}'`);
  return url;
}

/** `name: value` as curl takes it. */
function parseHeader(text) {
  const match = /^([^\s:]+)\s*:\s*(.*)$/.exec(text);
  if (!match) throw new Wrong(`--header needs 'name: value', not '${text}'`);
  return [match[1].toLowerCase(), match[2]];
}

function checkMethod(where, method = 'GET') {
  const upper = String(method).toUpperCase();
  if (!METHODS.includes(upper)) throw new Wrong(`${where}: method must be one of ${METHODS.join(', ')}, not '${method}'`);
  return upper;
}

function checkHeaders(where, headers = {}) {
  if (!isObject(headers)) throw new Wrong(`${where}: headers must be an object`);
  const out = {};
  for (const name of Object.keys(headers)) {
    if (!['string', 'number'].includes(typeof headers[name])) throw new Wrong(`${where}: header '${name}' must be a string`);
    out[name.toLowerCase()] = String(headers[name]);
  }
  return out;
}

/** One autocannon knows only one origin, and so does a server under test. */
function pathOf(where, { path, url }, base) {
  if (path !== undefined && url !== undefined) throw new Wrong(`${where}: give path or url, not both`);
  const given = url === undefined ? path : url;
  if (given === undefined) return base.pathname + base.search;
  if (typeof given !== 'string' || given === '') throw new Wrong(`${where}: ${url === undefined ? 'path' : 'url'} must be a string`);
  if (url === undefined && !given.startsWith('/')) throw new Wrong(`${where}: path must begin with /`);
  let whole;
  try {
    whole = new URL(given, base);
  } catch (_) {
    throw new Wrong(`${where}: '${given}' is no URL`);
  }
  if (whole.origin !== base.origin) throw new Wrong(`${where}: ${whole.origin} is another server than ${base.origin} of --url`);
  return whole.pathname + whole.search;
}

function oneRequest(where, given, base, common) {
  if (!isObject(given)) throw new Wrong(`${where} must be an object`);
  for (const name of Object.keys(given)) {
    if (!FIELDS.includes(name)) throw new Wrong(`${where}: '${name}' is not known; known are ${FIELDS.join(', ')}`);
  }
  const { body, weight = 1 } = given;
  if (!(Number.isInteger(weight) && weight >= 1 && weight <= MAX_WEIGHT)) {
    throw new Wrong(`${where}: weight must be a whole number from 1 to ${MAX_WEIGHT}`);
  }
  const headers = { ...common, ...checkHeaders(where, given.headers) };
  const isJson = body !== undefined && typeof body !== 'string';
  if (isJson && headers['content-type'] === undefined) headers['content-type'] = 'application/json';
  return {
    method: checkMethod(where, given.method),
    path: pathOf(where, given, base),
    headers,
    body: isJson ? JSON.stringify(body) : body,
    weight,
  };
}

function readScenario(file) {
  let text;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new Wrong(`--scenario: ${file} cannot be read: ${error.message}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Wrong(`--scenario: ${file} is not JSON: ${error.message}`);
  }
}

/** The requests of a scenario's value, in the order in which each connection makes them. */
function fromScenario(value, base, common, name = 'scenario') {
  const list = Array.isArray(value) ? value : isObject(value) && value.requests;
  if (!Array.isArray(list) || list.length === 0) {
    throw new Wrong(`${name} must be {"requests": [{"method", "path", "headers", "body", "weight"}, …]}`);
  }
  const shared = Array.isArray(value) ? common : { ...checkHeaders(name, value.headers), ...common };
  const requests = [];
  list.forEach((given, at) => {
    const { weight, ...request } = oneRequest(`${name}: request ${at + 1}`, given, base, shared);
    for (let i = 0; i < weight; i++) requests.push(request);
  });
  return requests;
}

/** What the options ask for: `{url, requests}`. */
function scenario({ url: text, method, body, header = [], scenario: file }) {
  if (text === undefined) throw new Wrong('load needs --url URL');
  const url = parseUrl(text);
  const common = {};
  for (const [name, value] of header) common[name] = value;
  if (file === undefined) {
    return { url, requests: fromScenario([{ method, body }], url, common, 'load') };
  }
  if (method !== undefined || body !== undefined) throw new Wrong('--method and --body are for --url alone; a scenario has its own');
  return { url, requests: fromScenario(readScenario(file), url, common, `--scenario ${file}`) };
}

/** Whether `{n}` stands in it, to be made anew each time. */
const isNumbered = ({ path, body }) => path.search(NUMBER) !== -1 || (body !== undefined && body.search(NUMBER) !== -1);

/** The request with its number put in. */
function numbered(request, n) {
  const out = { ...request, path: request.path.replace(NUMBER, n) };
  if (request.body !== undefined) out.body = request.body.replace(NUMBER, n);
  return out;
}

module.exports = { fromScenario, isNumbered, numbered, parseHeader, scenario };
