'use strict';
// Pages in a real browser, with every request and every word of the console noted.

const assert = require('assert');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { pathToFileURL } = require('url');
const { chromium } = require('playwright-core');
const { page: pageOf } = require('../../lib/report/page');
const { ADVICE, find } = require('../tools/chromium');

/** Far above what anything takes on a busy machine; no test waits for a time. */
const LIMIT_MS = 120000;
const ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
];

/** A browser with a fresh profile, and a folder for pages. */
async function open() {
  const executablePath = find();
  assert.ok(executablePath, ADVICE);
  const browser = await chromium.launch({ executablePath, headless: true, args: ARGS, timeout: LIMIT_MS });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-browser-'));
  let number = 0;

  /** Shows `model`, or a page that is there, in a window of its own; `{page, noted}`. */
  async function show(model, { width = 1100, colorScheme = 'light', media } = {}) {
    let file = model;
    if (typeof model !== 'string') {
      file = path.join(folder, `${number++}.html`);
      fs.writeFileSync(file, pageOf(model));
    }
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, locale: 'en-GB' });
    context.setDefaultTimeout(LIMIT_MS);
    const noted = { requests: [], console: [] };
    context.on('request', (request) => noted.requests.push(request.url()));
    const page = await context.newPage();
    page.on('console', (message) => noted.console.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => noted.console.push(String(error.stack)));
    page.on('dialog', (dialog) => {
      noted.console.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    if (media) await page.emulateMedia({ media, colorScheme });
    const url = pathToFileURL(file).href;
    await page.goto(url, { timeout: LIMIT_MS });
    /** Closes the window; it must have asked for nothing but the file, and said nothing. */
    const close = async () => {
      assert.deepStrictEqual(noted, { requests: [url], console: [] });
      await context.close();
    };
    return { page, close };
  }

  async function close() {
    await browser.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
  return { close, folder, show };
}

/** Texts of all elements, as they stand in the page. */
const texts = (page, selector) => page.$$eval(selector, (all) => all.map((each) => each.textContent));

/** Whether the page can be scrolled sideways. */
const isTooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

module.exports = { isTooWide, open, texts };
