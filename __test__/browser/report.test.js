'use strict';
// The report's page in a real browser: what a reader can do with it, by mouse and
// by keyboard, and that it asks nothing of anybody.

const assert = require('assert');
const { execFile } = require('child_process');
const fs = require('fs');
const http = require('http');
const path = require('path');
const { after, before, test } = require('node:test');
const { isTooWide, open, texts } = require('./helper');

const ROOT = path.join(__dirname, '..', '..');
const CLI = path.join(ROOT, 'lib', 'cli.js');

/** A leak with a path to unfold, classes to sort and a tree to walk, and a history of it and of a worker. */
const PROGRAM = `
const leakwatch = require(${JSON.stringify(ROOT)});
const { Worker, isMainThread } = require('worker_threads');
class Session { constructor(id) { this.id = id; this.cart = new Array(20).fill(id); } }
const sessions = new Map();
exports.sessions = () => sessions;
const rounds = 12;
for (let round = 0; round < rounds; round++) {
  for (let i = 0; i < 1500; i++) sessions.set(sessions.size, new Session(i));
  leakwatch.tick('round ' + round);
  if (isMainThread && (round === 1 || round === rounds - 1)) leakwatch.writeSnapshot(process.argv[2] + '/' + (round === 1 ? 'before' : 'after') + '.heapsnapshot', { keepIds: true });
}
if (isMainThread) new Worker(__filename);
`;

let browser;
let diffPage;
let summaryPage;

/** Runs Node; the exit code must be one of these. */
function node(args, env, codes = [0]) {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      const code = error ? error.code : 0;
      if (codes.includes(code)) resolve(stdout);
      else reject(new Error(`${args.join(' ')} ended with ${code}: ${stderr}`));
    });
  });
}

before(async () => {
  browser = await open();
  const file = (name) => path.join(browser.folder, name);
  fs.writeFileSync(file('program.js'), PROGRAM);
  await node(['--require', path.join(ROOT, 'register.js'), file('program.js'), browser.folder], { LEAKWATCH_HISTORY: file('history') + path.sep });
  const snapshots = [file('before.heapsnapshot'), file('after.heapsnapshot')];
  diffPage = file('diff.html');
  summaryPage = file('summary.html');
  await node([CLI, 'report', '--history', file('history'), ...snapshots, '-o', diffPage], {}, [1]);
  await node([CLI, 'report', snapshots[1], '-o', summaryPage]);
});

after(() => browser && browser.close());

test('the answer comes first, and every part is there', async () => {
  const { page, close } = await browser.show(diffPage);
  const [answer] = await texts(page, '.answer');
  assert.match(answer, /Session .*kept by the Map in the variable sessions/);
  for (const id of ['suspects', 'history', 'classes', 'tree']) assert.ok(await page.isVisible(`#${id}`), id);
  assert.strictEqual(await page.title(), 'before.heapsnapshot → after.heapsnapshot · history');
  await close();
});

test('a click on a heading sorts, another turns it round', async () => {
  const { page, close } = await browser.show(diffPage);
  const names = () => texts(page, '#class-table tbody td:first-child');
  const sorts = () => page.$$eval('#class-table th', (all) => all.map((th) => th.getAttribute('aria-sort')));
  const heading = (title) => page.locator('#class-table th', { hasText: title }).first();
  const atFirst = await names();
  assert.ok(atFirst.length > 5);
  // The whole cell is the target, not the few letters in it.
  const box = await heading('Class').boundingBox();
  await heading('Class').click({ position: { x: box.width - 8, y: box.height / 2 } });
  const ascending = await names();
  assert.notDeepStrictEqual(ascending, atFirst);
  const classes = await page.$$eval('#class-table tbody td:first-child', (all) => all.map((cell) => cell.firstChild.textContent));
  assert.deepStrictEqual(classes, await page.evaluate((all) => all.sort((a, b) => a.localeCompare(b)), classes.slice()));
  assert.strictEqual((await sorts())[0], 'ascending');
  await heading('Class').click();
  const descending = await names();
  assert.notDeepStrictEqual(descending, ascending);
  assert.strictEqual((await sorts())[0], 'descending');
  await heading('Own ±').click();
  assert.deepStrictEqual(await names(), atFirst, 'and back');
  assert.strictEqual((await sorts())[0], 'none');
  await page.locator('#class-table th button').first().focus();
  await page.keyboard.press('Enter');
  assert.deepStrictEqual(await names(), ascending, 'by keyboard as well');
  await close();
});

test('the filter narrows the classes and lets go', async () => {
  const { page, close } = await browser.show(diffPage);
  const names = () => texts(page, '#class-table tbody td:first-child');
  const all = await names();
  await page.getByLabel('Filter').fill('sess');
  const few = await names();
  assert.ok(few.length > 0 && few.length < all.length && few.every((name) => /sess/i.test(name)), few.join());
  assert.match((await texts(page, '[role=status]'))[0], /^\d+ of \d+$/);
  await page.getByLabel('Filter').fill('no class is called so');
  assert.deepStrictEqual(await names(), []);
  await page.keyboard.press('Escape');
  assert.deepStrictEqual(await names(), all);
  const more = page.getByRole('button', { name: 'Show more' });
  if (await more.isVisible()) {
    await more.click();
    assert.ok((await names()).length > all.length);
  }
  await close();
});

test('a suspect opens to its path, and closes', async () => {
  const { page, close } = await browser.show(diffPage);
  const opener = page.locator('.opener').first();
  const path1 = page.locator(`#${await opener.getAttribute('aria-controls')}`);
  assert.strictEqual(await opener.getAttribute('aria-expanded'), 'true');
  assert.ok(await path1.getByText('variable sessions').isVisible());
  assert.ok(await path1.getByText('piles up here').isVisible());
  assert.match(await path1.innerText(), /Session .*program\.js:4:\d+/);
  await opener.click();
  assert.strictEqual(await opener.getAttribute('aria-expanded'), 'false');
  assert.ok(!(await path1.isVisible()));
  await opener.focus();
  await page.keyboard.press('Space');
  assert.ok(await path1.isVisible());
  await close();
});

test('the dominator tree can be walked', async () => {
  const { page, close } = await browser.show(diffPage);
  const items = page.locator('[role=treeitem]');
  const focused = () => page.evaluate(() => document.activeElement.querySelector('.label').textContent);
  const level = () => page.evaluate(() => Number(document.activeElement.getAttribute('aria-level')));
  const expanded = () => page.evaluate(() => document.activeElement.getAttribute('aria-expanded'));
  assert.strictEqual(await page.locator('[role=treeitem][tabindex="0"]').count(), 1, 'one stop for Tab');
  await items.first().focus();
  assert.strictEqual(await focused(), '(root)');
  await page.keyboard.press('ArrowRight');
  assert.strictEqual(await level(), 2);
  const before1 = await items.count();
  assert.strictEqual(await expanded(), 'false');
  await page.keyboard.press('ArrowRight');
  assert.strictEqual(await expanded(), 'true');
  assert.ok((await items.count()) > before1);
  await page.keyboard.press('ArrowRight');
  assert.strictEqual(await level(), 3);
  await page.keyboard.press('ArrowLeft');
  assert.strictEqual(await level(), 2);
  await page.keyboard.press('ArrowLeft');
  assert.strictEqual(await items.count(), before1);
  await page.keyboard.press('End');
  assert.match(await focused(), /^[\d,]+ smaller objects?$/, 'what is not listed is summed up');
  await page.keyboard.press('ArrowUp');
  assert.match(await focused(), /^[\d,]+ × /, 'by class');
  await page.keyboard.press('Home');
  assert.strictEqual(await focused(), '(root)');
  await items.nth(1).locator('.node').first().click();
  assert.strictEqual(await items.nth(1).getAttribute('aria-expanded'), 'true');
  await close();
});

test('the charts are drawn, for whichever process is chosen', async () => {
  const { page, close } = await browser.show(diffPage);
  // From a copy that is meant to be read: Chromium warns of reading from any other.
  const drawn = () => page.$$eval('.chart canvas', (all) => all.map((canvas) => {
    const { width, height } = canvas;
    const copy = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d', { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    return data.some((value) => value !== 0);
  }));
  assert.deepStrictEqual(await drawn(), [true, true]);
  const buttons = page.locator('#run-table button');
  assert.strictEqual(await buttons.count(), 2);
  const [facts] = await texts(page, '#history > .soft');
  assert.match(facts, /12 baselines/);
  await buttons.nth(1).click();
  assert.strictEqual(await buttons.nth(1).getAttribute('aria-pressed'), 'true');
  assert.strictEqual(await buttons.nth(0).getAttribute('aria-pressed'), 'false');
  assert.notStrictEqual((await texts(page, '#history > .soft'))[0], facts);
  assert.deepStrictEqual(await drawn(), [true, true]);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForFunction(() => matchMedia('(prefers-color-scheme: dark)').matches);
  assert.deepStrictEqual(await drawn(), [true, true], 'redrawn in the dark');
  await close();
});

/** WCAG's contrast of two colours as computed styles give them. */
function contrast(a, b) {
  const luminance = (colour) => {
    const [r, g, b1] = colour.match(/[\d.]+/g).slice(0, 3).map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b1;
  };
  const [x, y] = [luminance(a), luminance(b)].sort((m, n) => n - m);
  return (x + 0.05) / (y + 0.05);
}

test('light and dark, both readable', async () => {
  const seen = [];
  for (const colorScheme of ['light', 'dark']) {
    const { page, close } = await browser.show(diffPage, { colorScheme });
    const colours = await page.evaluate(() => {
      const of = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
      return { back: of('body', 'backgroundColor'), text: of('body', 'color'), soft: of('h1', 'color'), growth: of('.opener .growth', 'color'), card: of('.suspect', 'backgroundColor') };
    });
    for (const name of ['text', 'soft']) assert.ok(contrast(colours[name], colours.back) >= 4.5, `${colorScheme} ${name}: ${JSON.stringify(colours)}`);
    assert.ok(contrast(colours.growth, colours.card) >= 4.5, `${colorScheme}: ${JSON.stringify(colours)}`);
    seen.push(colours);
    await close();
  }
  assert.ok(contrast(seen[0].back, seen[1].back) > 10, 'one is light, the other dark');
});

test('nothing is wider than a small telephone', async () => {
  for (const file of [diffPage, summaryPage]) {
    const { page, close } = await browser.show(file, { width: 360 });
    assert.ok(!(await isTooWide(page)), file);
    for (const opener of await page.locator('.opener[aria-expanded=false]').all()) await opener.click();
    for (const item of await page.locator('[role=treeitem][aria-expanded=false] > .node').all()) await item.click();
    assert.ok(!(await isTooWide(page)), `${file}, all open`);
    await close();
  }
});

test('one snapshot has its own page', async () => {
  const { page, close } = await browser.show(summaryPage);
  assert.ok(!(await page.isVisible('#suspects')) && !(await page.isVisible('#history')));
  assert.deepStrictEqual((await texts(page, '#class-table th')), ['Class', 'Objects', 'Own', 'Retained']);
  await page.getByLabel('Filter').fill('Session');
  assert.match((await texts(page, '#class-table tbody tr')).join('\n'), /Session .*18,0\d\d/);
  await close();
});

test('on paper every path is open and no button is left', async () => {
  const { page, close } = await browser.show(diffPage, { media: 'print' });
  for (const detail of await page.locator('.detail').all()) assert.ok(await detail.isVisible());
  assert.ok(!(await page.isVisible('#classes .tools')));
  const pdf = await page.pdf({ format: 'A4' });
  assert.ok(pdf.length > 10000);
  await close();
});

test('names that are markup stay names', async () => {
  const nasty = ['</script><script>alert(1)</script>', '<!--<script>', '<img src=x onerror=alert(2)>', '{{data}}', '"\u2028\'&amp;'];
  const place = { url: nasty[0], line: 1, column: 1 };
  const row = (name) => ({ name, count: 1, shallow: 8, retained: 8, location: place });
  const file = { path: nasty[2], fileBytes: 1, nodes: 1, edges: 1, totalBytes: 8 };
  const tree = { name: nasty[0], type: 'object', shallow: 8, retained: 8, childCount: 0, children: [] };
  const { page, close } = await browser.show({ schemaVersion: 1, title: nasty.join(' '), summary: { file, classCount: nasty.length, classes: nasty.map(row), tree } });
  const shown = await page.$$eval('#class-table tbody td:first-child', (all) => all.map((cell) => cell.firstChild.textContent));
  assert.deepStrictEqual(shown.sort(), nasty.slice().sort());
  assert.deepStrictEqual(await texts(page, 'h1'), [nasty.join(' ')]);
  assert.strictEqual(await page.locator('img').count(), 0);
  await close();
});

test('the policy stops a request that got into the page', async (t) => {
  const asked = [];
  const server = http.createServer((request, response) => {
    asked.push(request.url);
    response.end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${server.address().port}`;
  const file = path.join(browser.folder, 'changed.html');
  const added = `<img src="${origin}/x.png"><script src="${origin}/y.js"></script><script>fetch("${origin}/z")</script></main>`;
  fs.writeFileSync(file, fs.readFileSync(summaryPage, 'utf8').replace('</main>', added));
  const { page, close } = await browser.show(file);
  await page.waitForSelector('#class-table');
  const told = await close().then(() => null, (thrown) => thrown.actual.console);
  assert.match(told.join('\n'), /Content Security Policy/);
  assert.deepStrictEqual(asked, []);
});
