'use strict';
// A report's model as one HTML file that opens from disk, asks nothing of any
// network and runs no code but what is listed here.

const crypto = require('crypto');
const fs = require('fs');
const path = require('path');

const PAGE = path.join(__dirname, 'page');
const UPLOT = path.join(__dirname, 'vendor', 'uplot');

/** What the page shares with the rest of lib, by the name that its modules require it by. */
const SHARED = { '../../text/bytes': path.join(__dirname, '..', 'text', 'bytes.js') };
/** The page's modules; `main` is the one that runs. */
const MODULES = ['format', 'dom', 'overview', 'path', 'suspects', 'table', 'classes', 'tree', 'chart', 'history', 'main'];

/** With the line ends the browser sees: it hashes the text after it has made them one. */
const read = (...names) => fs.readFileSync(path.join(...names), 'utf8').replace(/\r\n?/g, '\n');

/** In a script element only `<` can end it early or begin a comment; as an escape it is the same JSON. */
function escapeJson(text) {
  return text.replace(/</g, '\\u003c').replace(/\u2028/g, '\\u2028').replace(/\u2029/g, '\\u2029');
}

function escapeHtml(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

/** Code cannot be escaped as data can, so none of ours may need it. */
function inlined(code, what) {
  if (/<\/(script|style)|<!--/i.test(code)) throw new Error(`${what} cannot be put into a page: it holds the end of its element`);
  return code;
}

/** The modules and a `require` for them, as one script. */
function bundle() {
  const files = { ...SHARED };
  for (const name of MODULES) files[`./${name}`] = path.join(PAGE, `${name}.js`);
  const modules = Object.keys(files).map((name) => `  '${name}': function (module, exports, require) {\n${read(files[name])}\n  }`);
  return `(function () {
var made = {}, modules = {
${modules.join(',\n')}
};
function require(name) {
  if (!made[name]) { made[name] = { exports: {} }; modules[name](made[name], made[name].exports, require); }
  return made[name].exports;
}
require('./main');
})();`;
}

/** What the policy lets run: this text and no other. */
function hash(text) {
  return `'sha256-${crypto.createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}

function policy(scripts, styles) {
  return [
    "default-src 'none'",
    `script-src ${scripts.map(hash).join(' ')}`,
    `style-src ${styles.map(hash).join(' ')}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** The page of `model`: the JSON report as a value. The chart library is left out where there is no chart. */
function page(model) {
  const charts = Boolean(model.history && model.history.runs.length > 0);
  const scripts = [bundle()];
  const styles = [read(PAGE, 'page.css')];
  if (charts) {
    // Its licence asks to be with every copy.
    scripts.unshift(`/*!\n${read(UPLOT, 'LICENSE')}*/\n${read(UPLOT, 'uPlot.iife.min.js')}`);
    styles.unshift(read(UPLOT, 'uPlot.min.css'));
  }
  const marks = {
    policy: escapeHtml(policy(scripts, styles)),
    title: escapeHtml(model.title || 'leakwatch'),
    styles: styles.map((text) => `<style>${inlined(text, 'a style')}</style>`).join('\n'),
    data: escapeJson(JSON.stringify(model)),
    scripts: scripts.map((text) => `<script>${inlined(text, 'a script')}</script>`).join('\n'),
  };
  // One pass, so that nothing that was put in is taken for a mark itself.
  return read(PAGE, 'page.html').replace(/\{\{(\w+)\}\}/g, (_, name) => marks[name]);
}

module.exports = { page };
