import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { withCommandTable } from '../../src/admin/commands-page.ts';
import { COMMANDS } from '../../src/admin/table.ts';

test('docs/admin-socket.md has the table of commands as it is', () => {
  const page = readFileSync('docs/admin-socket.md', 'utf8');
  assert.equal(withCommandTable(page) === page, true, 'run node scripts/admin-doc.mjs');
});

test('no two commands have the same words', () => {
  const words = COMMANDS.map(command => command.words);
  assert.equal(new Set(words).size, words.length);
});

test('every command has at most four words, as many as the interpreter looks for', () => {
  for (const { words } of COMMANDS) assert.ok(words.split(' ').length <= 4, words);
});
