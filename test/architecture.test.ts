/**
 * Holds the layers of ARCHITECTURE.md: a folder of src/ imports only from strictly lower levels (or itself),
 * nothing goes round in a circle, shared memory is touched in state/ only, and no drawer files appear.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

const LEVEL: Record<string, number> = {
  base: 0,
  deflate: 1,
  model: 1,
  'config-parser': 2,
  state: 2,
  http: 2,
  net: 2,
  dns: 2,
  acl: 3,
  acme: 3,
  'http-cache': 3,
  http2: 3,
  balancers: 3,
  certificates: 3,
  health: 3,
  peers: 3,
  stats: 3,
  traces: 3,
  vrrp: 3,
  l4: 4,
  rules: 4,
  admin: 4,
  lua: 5,
  proxy: 5,
  worker: 6,
  master: 7,
  'program.ts': 8,
  'main.ts': 9,
};

const SRC = resolve('src');

interface Source {
  readonly file: string;
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function readSource(file: string): Source {
  const text = readFileSync(join(SRC, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(
    match => match[1] as string,
  );
  const imports = specifiers.map(specifier =>
    relative(SRC, resolve(SRC, dirname(file), specifier)).replace(/\.js$/, '.ts'),
  );
  return { file, folder: file.split('/')[0] as string, text, imports };
}

const sources = readdirSync(SRC, { recursive: true })
  .map(String)
  .filter(file => file.endsWith('.ts') && !file.includes('/generated/'))
  .map(readSource);

test('every folder of src/ stands in the table of levels', () => {
  for (const { file, folder } of sources) assert.ok(folder in LEVEL, `${file}: ${folder} has no level`);
});

test('a folder imports only from strictly lower levels', () => {
  const upward = sources.flatMap(({ file, folder, imports }) =>
    imports
      .map(imported => ({ imported, target: imported.split('/')[0] as string }))
      .filter(({ target }) => target !== folder && !((LEVEL[target] ?? 99) < (LEVEL[folder] ?? -1)))
      .map(({ imported }) => `${file} imports ${imported}`),
  );
  assert.deepEqual(upward, []);
});

test('no import goes round in a circle', () => {
  const graph = new Map(sources.map(source => [source.file, source.imports]));
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), `circle: ${[...path, file].join(' -> ')}`);
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
});

test('shared memory is touched in state/ only', () => {
  const guilty = sources.filter(
    ({ folder, text }) => folder !== 'state' && /\bAtomics\b|\bnew SharedArrayBuffer\b/.test(text),
  );
  assert.deepEqual(
    guilty.map(({ file }) => file),
    [],
  );
});

test('no file is a drawer', () => {
  const drawers = sources.filter(({ file }) => /^(utils?|helpers?|common|misc)\.ts$/.test(basename(file)));
  assert.deepEqual(
    drawers.map(({ file }) => file),
    [],
  );
});

test('only main.ts exits the process', () => {
  const guilty = sources.filter(({ file, text }) => file !== 'main.ts' && /\bprocess\.exit\(/.test(text));
  assert.deepEqual(
    guilty.map(({ file }) => file),
    [],
  );
});
