/**
 * Syntax and values: every form of test/cases/language-words.tsv (where it belongs, the word, how it stands in a
 * line) stands in a line of a golden case that is accepted.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { acceptedGoldenLines } from '../support/golden-lines.ts';

test('every form of the language and every value stands in an accepted line of a golden case', () => {
  const lines = acceptedGoldenLines();
  const [, ...entries] = readFileSync('test/cases/language-words.tsv', 'utf8').trimEnd().split('\n');
  assert.ok(entries.length > 100);
  const missing = entries.filter(entry => {
    const form = entry.split('\t')[2];
    return form === undefined || !lines.some(line => line.includes(form));
  });
  assert.deepEqual(missing, []);
});
