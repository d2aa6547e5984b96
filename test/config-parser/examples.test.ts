/**
 * The configurations in examples/ are what people start from: each is accepted without a word of warning. Those in docs/
 * are copied from: but for what only a whole configuration has, they are accepted as well.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { FileReader } from '../../src/config-parser/line-context.ts';
import { renderDiagnostics } from '../../src/config-parser/diagnostic.ts';
import { parseConfig } from '../../src/config-parser/parse.ts';

const FOLDER = 'examples';
const DOCUMENTS = 'docs';
/** A block of code that begins with a section. */
const CONFIGURATION =
  /^```\w*\n((?:global|defaults|frontend|backend|listen|resolvers|traces|peers|cache)\b[^]*?)^```/gm;
/** What a part is allowed to lack. */
const OF_A_WHOLE = /^missing timeouts for|^frontend '\w+' has no 'bind' directive/;
/** Who is on every host. */
const ACCOUNTS: Readonly<Record<string, string>> = {
  '/etc/passwd': 'root:x:0:0::/:/bin/sh',
  '/etc/group': 'adm:x:4:',
};
const readFile: FileReader = path => {
  const text = ACCOUNTS[path];
  return text === undefined ? { error: 'examples read no files' } : { text };
};

const names = readdirSync(FOLDER).filter(file => file.endsWith('.cfg'));

test('there are examples to start from', () => {
  assert.ok(names.length >= 8, names.join(' '));
});

for (const name of names) {
  test(`the example ${name} says what it is for and is accepted without warnings`, () => {
    const path = join(FOLDER, name);
    const text = readFileSync(path, 'utf8');
    assert.match(text, /^# \S/);
    const { config, diagnostics } = parseConfig([{ path, text }], { environment: {}, readFile });
    assert.equal(renderDiagnostics(diagnostics, { pid: 0, showDiag: false }), '');
    assert.notEqual(config, undefined);
  });
}

test('configurations in documents are accepted', () => {
  const blocks = readdirSync(DOCUMENTS)
    .filter(file => file.endsWith('.md'))
    .flatMap(file =>
      [...readFileSync(join(DOCUMENTS, file), 'utf8').matchAll(CONFIGURATION)].map(([, text]) => ({
        file,
        text,
      })),
    );
  assert.ok(blocks.length >= 10, String(blocks.length));
  for (const { file, text = '' } of blocks) {
    const { diagnostics } = parseConfig([{ path: file, text }], { environment: {}, readFile });
    const mistakes = diagnostics.filter(({ message }) => !OF_A_WHOLE.test(message));
    assert.equal(renderDiagnostics(mistakes, { pid: 0, showDiag: false }), '', text);
  }
});
