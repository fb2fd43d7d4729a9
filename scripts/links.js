'use strict';
// Every link of the documentation that leads to this repository must lead somewhere: files, and headings in them.

const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { ROOT } = require('./setup');

const LINK = /\]\(([^)\s]+)\)|\bsrc="([^"]+)"/g;

function withoutCode(text) {
  return text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
}

/** Headings as GitHub names them. */
function anchors(markdown) {
  const text = markdown.replace(/^```[\s\S]*?^```/gm, '');
  const names = new Map();
  const found = new Set();
  for (const [, heading] of text.matchAll(/^#+ +(.+?) *$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const name = plain.replace(/[^\p{L}\p{N}_ -]/gu, '').replace(/ /g, '-');
    const before = names.get(name) || 0;
    names.set(name, before + 1);
    found.add(before ? `${name}-${before}` : name);
  }
  return found;
}

/** What is wrong with one link, or null. */
function broken(from, link) {
  if (/^[a-z]+:/i.test(link)) return null;
  const [file, anchor] = link.split('#');
  const target = file ? path.resolve(path.dirname(from), decodeURIComponent(file)) : from;
  if (!fs.existsSync(target)) return 'there is no such file';
  if (anchor && target.endsWith('.md') && !anchors(fs.readFileSync(target, 'utf8')).has(anchor)) return `there is no heading #${anchor}`;
  return null;
}

function main() {
  const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { cwd: ROOT, encoding: 'utf8' });
  let links = 0;
  for (const name of tracked.split('\n').filter(Boolean)) {
    const file = path.join(ROOT, name);
    for (const [, plain, image] of withoutCode(fs.readFileSync(file, 'utf8')).matchAll(LINK)) {
      links += 1;
      const why = broken(file, plain || image);
      if (!why) continue;
      process.stderr.write(`${name}: ${plain || image}: ${why}\n`);
      process.exitCode = 1;
    }
  }
  if (links === 0) throw new Error('no link was found: the pattern is wrong');
  process.stdout.write(`${links} links\n`);
}

if (require.main === module) main();

module.exports = { anchors };
