'use strict';
// The dashboard: its queries, and its check against Grafana's own schema.

const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const ROOT = path.join(__dirname, '..', '..', '..');
const FILE = path.join(ROOT, 'ops', 'grafana', 'leakwatch.json');
/** Where packages are found, and git does not look. */
const FOLDER = path.join(__dirname, '..', 'node_modules', '.dashboard');

/**
 * Grafana's schema as TypeScript: its types, with names of enums written as the strings that JSON has. The schema says `any`
 * where it depends on the kind of panel; each kind has a schema of its own, put in here.
 */
const TYPES = `
import type { Dashboard, Panel, RowPanel, FieldConfig } from '@grafana/grafana-foundation-sdk/dashboard';
import type * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import type * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import type * as stat from '@grafana/grafana-foundation-sdk/stat';
import type * as table from '@grafana/grafana-foundation-sdk/table';

type Plain<T> = T extends string ? \`\${T}\` : T extends (infer U)[] ? Plain<U>[] : T extends (...given: never[]) => unknown ? never
  : T extends object ? { [K in keyof T as K extends \`_\${string}\` ? never : K]: Plain<T[K]> } : T;
type Query = Plain<prometheus.Dataquery>;
type Field<Custom> = { defaults: Plain<Omit<FieldConfig, 'custom'>> & { custom?: Plain<Partial<Custom>> };
  overrides: { matcher: { id: string; options: unknown }; properties: { id: string; value: unknown }[] }[] };
type Kind<Type extends string, Options, Custom> = Plain<Omit<Panel, 'type' | 'targets' | 'options' | 'fieldConfig'>> & {
  type: Type; targets: Query[]; options: Plain<Partial<Options>>; fieldConfig: Field<Custom> };
type Kinds = Kind<'timeseries', timeseries.Options, timeseries.FieldConfig> | Kind<'stat', stat.Options, {}>
  | Kind<'table', table.Options, table.FieldConfig> | (Plain<Omit<RowPanel, 'panels'>> & { type: 'row'; panels: never[] });
export type Board = Plain<Omit<Dashboard, 'panels'>> & { panels: Kinds[] };
`;

function read() {
  return JSON.parse(fs.readFileSync(FILE, 'utf8'));
}

/** Expressions with their panels, variables put in as Grafana would for "All". */
function expressions(board) {
  const found = [];
  const put = (text) => text.replace(/\$(job|instance)\b/g, '.*').replace(/\$__rate_interval/g, '1m');
  for (const panel of board.panels) {
    for (const { expr } of panel.targets || []) found.push({ title: panel.title, expression: put(expr) });
  }
  for (const { name, expr } of board.annotations.list) found.push({ title: name, expression: put(expr) });
  return found;
}

/** What Grafana's schema has against this dashboard; empty if nothing. */
function check(board) {
  fs.mkdirSync(FOLDER, { recursive: true });
  const write = (name, text) => fs.writeFileSync(path.join(FOLDER, name), text);
  write('board.ts', TYPES);
  write('dashboard.ts', `import type { Board } from './board.js';\nexport const board: Board = ${JSON.stringify(board, null, 2)};\n`);
  const compilerOptions = { target: 'es2022', module: 'nodenext', moduleResolution: 'nodenext', strict: true, noEmit: true, skipLibCheck: true, types: [] };
  write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['dashboard.ts'] }));
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', FOLDER], { encoding: 'utf8' });
  return status === 0 ? '' : stdout + stderr;
}

module.exports = { check, expressions, read };
