'use strict';

// Chromium's own snapshots: a page leaks in three ways of the web, three snapshots are taken through the debugging protocol,
// as DevTools takes them, and one of the first three suspects names each leak.

const fs = require('fs');
const os = require('os');
const path = require('path');
const { pathToFileURL } = require('url');
const { describe, it, before, after } = require('node:test');
const assert = require('node:assert');
const { chromium } = require('playwright-core');

const leakwatch = require('../..');
const { ADVICE, find } = require('../tools/chromium');

/** Far above what anything takes on a busy machine. */
const LIMIT_MS = 120000;

const PAGE = `<!doctype html><title>leaks</title><div id="list"></div><script>
const removedRows = [];
function detach(i) {
  const row = document.createElement('section');
  row.textContent = 'row ' + i;
  document.getElementById('list').append(row);
  row.remove();
  removedRows.push(row);
}
function listen(i) {
  const cells = new Array(50).fill(i);
  window.addEventListener('resize', function onResize() { return cells; });
}
class Draft { constructor(i) { this.text = 'draft ' + i; this.parts = [i, i + 1]; } }
const saveLater = (() => {
  const drafts = new Map();
  return (i) => { drafts.set(i, new Draft(i)); };
})();
function nothing(i) { return document.createElement('p').textContent = 'x' + i; }
</script>`;

describe("Chromium's snapshots", () => {
  let browser;
  let folder;

  before(async () => {
    const executablePath = find();
    assert.ok(executablePath, ADVICE);
    browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu'], timeout: LIMIT_MS });
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-chromium-'));
    fs.writeFileSync(path.join(folder, 'page.html'), PAGE);
  });

  after(async () => {
    if (browser) await browser.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  async function write(session, file) {
    const chunks = [];
    const add = ({ chunk }) => chunks.push(chunk);
    session.on('HeapProfiler.addHeapSnapshotChunk', add);
    await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
    session.off('HeapProfiler.addHeapSnapshotChunk', add);
    fs.writeFileSync(file, chunks.join(''));
    return file;
  }

  /** What grew in a page of its own that calls `what` 500 times before each of three snapshots. */
  async function suspectsOf(what) {
    const context = await browser.newContext();
    context.setDefaultTimeout(LIMIT_MS);
    const page = await context.newPage();
    await page.goto(pathToFileURL(path.join(folder, 'page.html')).href);
    const session = await context.newCDPSession(page);
    const files = [];
    for (let n = 0; n < 3; n++) {
      // A page's classes and functions are no properties of its window.
      await page.evaluate(`for (let i = 0; i < 500; i++) ${what}(${n * 500} + i)`);
      files.push(await write(session, path.join(folder, `${what}-${n}.heapsnapshot`)));
    }
    await context.close();
    return leakwatch.diff(files);
  }

  const told = ({ suspects }) => suspects.slice(0, 3).map(({ kind, name, sentence }) => `[${kind}] ${name}: ${sentence}`);

  it('name DOM nodes that are detached, and the variable that keeps them', async () => {
    const diff = await suspectsOf('detach');
    assert.ok(diff.sameProcess);
    assert.match(told(diff).join('\n'), /1,000 more Detached <section.* nodes are kept by the Array in the variable removedRows/);
  });

  it('name listeners, with their function', async () => {
    const diff = await suspectsOf('listen');
    const suspect = diff.suspects.slice(0, 3).find(({ kind, name }) => kind === 'listeners' && /onResize/.test(name));
    assert.ok(suspect, told(diff).join('\n'));
    assert.match(suspect.sentence, /^1,000 more listeners/);
    assert.match(suspect.location.url, /page\.html$/);
    assert.strictEqual(suspect.location.line, 12);
  });

  it('name the Map in the scope of a closure, and its class', async () => {
    const diff = await suspectsOf('saveLater');
    const suspect = diff.suspects.slice(0, 3).find(({ kind, name }) => kind === 'map' && name === 'Draft');
    assert.ok(suspect, told(diff).join('\n'));
    assert.match(suspect.sentence, /^1,000 more Draft objects are kept by the Map in the variable drafts/);
    assert.match(suspect.location.url, /page\.html$/);
  });

  it('tell of nothing that the page would keep where it keeps nothing', async () => {
    const diff = await suspectsOf('nothing');
    assert.doesNotMatch(told(diff).join('\n'), /page\.html|<p|Detached/);
  });
});
