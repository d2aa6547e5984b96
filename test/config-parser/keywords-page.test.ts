import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { listKeywords } from '../../src/config-parser/keyword-list.ts';
import { renderKeywordsPage } from '../../src/config-parser/keywords-page.ts';
import { NO_EFFECT, NOT_SUPPORTED_YET } from '../../src/config-parser/not-supported-yet.ts';
import { parseConfig } from '../../src/config-parser/parse.ts';

test('docs/keywords.md is what the keyword tables say', () => {
  const advice = 'run node scripts/keywords-doc.mjs';
  assert.equal(readFileSync('docs/keywords.md', 'utf8') === renderKeywordsPage(), true, advice);
});

test('every keyword has a summary and an arity that fits its arguments', () => {
  for (const { keyword } of listKeywords()) {
    assert.notEqual(keyword.summary, '', keyword.name);
    assert.ok(keyword.arity[0] <= keyword.arity[1], keyword.name);
    if (keyword.args === '' && keyword.removed === undefined) assert.equal(keyword.arity[0], 0, keyword.name);
  }
});

test('every word without effect, or not supported yet, is told of where it is read', () => {
  const path = 'test/cases/config/without-effect.cfg';
  const { diagnostics } = parseConfig([{ path, text: readFileSync(path, 'utf8') }], {
    environment: {},
    readFile: () => ({ error: 'No such file or directory' }),
  });
  const said = diagnostics.map(({ message }) => message);
  const silent = [...NO_EFFECT, ...NOT_SUPPORTED_YET].filter(
    name => !said.some(message => message.includes(`'${name}' `)),
  );
  assert.deepEqual(silent, []);
});

test('no word is both not supported yet and without effect', () => {
  const both = [...NO_EFFECT].filter(name => NOT_SUPPORTED_YET.has(name));
  assert.deepEqual(both, []);
});
