/** The configurations in examples/ are what people start from: each is accepted without a word of warning. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderDiagnostics } from '../../src/config-parser/diagnostic.ts';
import { parseConfig } from '../../src/config-parser/parse.ts';

const FOLDER = 'examples';
const names = readdirSync(FOLDER).filter(file => file.endsWith('.cfg'));

test('there are examples to start from', () => {
  assert.ok(names.length >= 8, names.join(' '));
});

for (const name of names) {
  test(`the example ${name} says what it is for and is accepted without warnings`, () => {
    const path = join(FOLDER, name);
    const text = readFileSync(path, 'utf8');
    assert.match(text, /^# \S/);
    const readFile = () => ({ error: 'examples read no files' });
    const { config, diagnostics } = parseConfig([{ path, text }], { environment: {}, readFile });
    assert.equal(renderDiagnostics(diagnostics, { pid: 0, showDiag: false }), '');
    assert.notEqual(config, undefined);
  });
}
