/** The tables of statistics beside the lists of what HAProxy 3.4 gives (test/cases/stats). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Cell } from '../../src/stats/column.ts';
import { FIXED_COLUMNS, STAT_COLUMNS } from '../../src/stats/columns.ts';
import { INFO_FIELDS } from '../../src/stats/info.ts';
import type { SubjectKind } from '../../src/stats/subject.ts';

function readTable(name: string): string[][] {
  const lines = readFileSync(`test/cases/stats/${name}`, 'utf8').trimEnd().split('\n');
  return lines.slice(1).map(line => line.split('\t'));
}

const KINDS: Readonly<Record<string, SubjectKind>> = {
  L: 'listener',
  F: 'frontend',
  B: 'backend',
  S: 'server',
};

/** Values that HAProxy gives without being asked for were seen under their names; these it never showed. */
const NEVER_SEEN = new Set(['throttle', 'check_code', 'hanafail', 'agent_code', 'src_ilim']);

test('show stat has the columns of HAProxy 3.4 in their order, the separator after the fixed ones', () => {
  const expected = readTable('stat-columns.tsv').map(([name]) => name);
  const own = STAT_COLUMNS.map(({ name }) => name);
  assert.deepEqual(
    [...own.slice(0, FIXED_COLUMNS.length), '-', ...own.slice(FIXED_COLUMNS.length)],
    expected,
  );
});

test('every column is given for the kinds of objects that HAProxy gives it for, with its type and tags', () => {
  for (const [name = '', objects = '', type, tags] of readTable('stat-columns.tsv')) {
    const column = STAT_COLUMNS.find(other => other.name === name);
    if (column === undefined) continue;
    for (const letter of objects) {
      const cell = column.cells[KINDS[letter] as SubjectKind] as Cell | undefined;
      assert.ok(cell !== undefined, `${name} for ${letter}`);
      if (NEVER_SEEN.has(name)) continue;
      assert.equal(cell.type, type, `type of ${name}`);
      const shown: string = `${cell.tags}${column.persistent ? 'P' : 'V'}`;
      if (!['act', 'bck', 'rate_max'].includes(name)) assert.equal(shown, tags, `tags of ${name}`);
    }
  }
});

test('show info has the fields of HAProxy 3.4 in their order, with their types and tags', () => {
  const own = INFO_FIELDS.map(({ name, type, tags }) => [name, type, `${tags}V`]);
  assert.deepEqual(own, readTable('info-fields.tsv'));
});
