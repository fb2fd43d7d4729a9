'use strict';
// The API reference, made from index.d.ts: `npm run docs`. With `--check` it
// fails where docs/api.md is not what it would write.

const { spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { anchors } = require('./links');
const { ROOT, install } = require('./setup');

const TOOL = path.join(__dirname, 'docs');
const PAGE = path.join(ROOT, 'docs', 'api.md');
const HEAD = `# API reference

Made from [index.d.ts](../index.d.ts) by \`npm run docs\`; change it there. All sizes are in bytes, all times in milliseconds,
all counts whole numbers.
`;

/** The declarations without the namespace around them, so that the reference is one page. */
function unwrapped() {
  const source = fs.readFileSync(path.join(ROOT, 'index.d.ts'), 'utf8');
  const start = 'declare namespace leakwatch {\n';
  const end = '\n}\n\nexport = leakwatch;';
  if (!source.includes(start) || !source.includes(end)) {
    throw new Error('index.d.ts no longer wraps everything in one namespace: mend scripts/docs.js');
  }
  const head = source.slice(0, source.indexOf(start)).replace(/\/\*\*[\s\S]*$/, '');
  const body = source.slice(source.indexOf(start) + start.length, source.indexOf(end));
  // What Error and EventEmitter have is Node's to document.
  const own = body.replace(/ extends (Error|EventEmitter)\b/g, '');
  return `${head}${own.replace(/^ {2}/gm, '').replace(/^(class|function|const) /gm, 'declare $1 ')}\n`;
}

/** Rows of tables are no headings: what leads to one is told without a link. */
function linked(page) {
  const known = anchors(page);
  return page.replace(/\[([^\]\n]+)\]\(#([^)\s]+)\)/g, (link, text, anchor) => (known.has(anchor) ? link : text));
}

function generate() {
  install(TOOL);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'leakwatch-docs-'));
  try {
    fs.symlinkSync(path.join(TOOL, 'node_modules'), path.join(scratch, 'node_modules'));
    fs.writeFileSync(path.join(scratch, 'package.json'), '{"name": "leakwatch"}');
    fs.writeFileSync(path.join(scratch, 'leakwatch.d.ts'), unwrapped());
    const compilerOptions = {
      strict: true, target: 'es2022', module: 'nodenext', types: ['node'], skipLibCheck: true, noEmit: true,
    };
    fs.writeFileSync(
      path.join(scratch, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['leakwatch.d.ts'] }),
    );
    const options = {
      plugin: ['typedoc-plugin-markdown'],
      entryPoints: ['leakwatch.d.ts'],
      out: 'out',
      readme: 'none',
      skipErrorChecking: true,
      groupOrder: ['Functions', 'Variables', 'Classes', 'Interfaces', '*'],
      disableSources: true,
      disableGit: true,
      outputFileStrategy: 'modules',
      hideBreadcrumbs: true,
      hidePageHeader: true,
      hidePageTitle: true,
      parametersFormat: 'table',
      interfacePropertiesFormat: 'table',
      typeDeclarationFormat: 'table',
      useHTMLAnchors: false,
      logLevel: 'Warn',
    };
    fs.writeFileSync(path.join(scratch, 'typedoc.json'), JSON.stringify(options));
    const bin = path.join(TOOL, 'node_modules', 'typedoc', 'bin', 'typedoc');
    const typedoc = spawnSync(process.execPath, [bin], { cwd: scratch, encoding: 'utf8' });
    if (typedoc.status !== 0) throw new Error(`typedoc: ${typedoc.stdout}${typedoc.stderr}`);
    const page = fs.readFileSync(path.join(scratch, 'out', 'README.md'), 'utf8');
    return linked(`${HEAD}\n${page.replace(/<a id="[^"]*"><\/a> /g, '').trim()}\n`);
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

function main(args) {
  const page = generate();
  if (!args.includes('--check')) {
    fs.writeFileSync(PAGE, page);
    return;
  }
  if (!fs.existsSync(PAGE) || fs.readFileSync(PAGE, 'utf8') !== page) {
    process.stderr.write('docs/api.md is not what index.d.ts says: run "npm run docs" and commit it\n');
    process.exitCode = 1;
  }
}

main(process.argv.slice(2));
