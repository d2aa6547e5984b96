/**
 * Every word of the global section and of the sections beside proxies (test/cases/global-words.tsv: section,
 * keyword, tier) is known to the keyword tables and stands in a golden case.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { listKeywords } from '../../src/config-parser/keyword-list.ts';

const FOLDER = 'test/cases/config';

interface Entry {
  readonly section: string;
  readonly keyword: string;
}

function readEntries(): readonly Entry[] {
  const [, ...lines] = readFileSync('test/cases/global-words.tsv', 'utf8').trimEnd().split('\n');
  return lines.map(line => {
    const [section = '', keyword = ''] = line.split('\t');
    return { section, keyword };
  });
}

/** `section keyword` of every line of every golden case, with one and with two words. */
function readUses(): ReadonlySet<string> {
  const known = new Set<string>(listKeywords().map(({ section }) => section));
  const uses = new Set<string>();
  for (const file of readdirSync(FOLDER).filter(name => name.endsWith('.cfg'))) {
    let section = '';
    for (const line of readFileSync(join(FOLDER, file), 'utf8').split('\n')) {
      const words = line
        .trim()
        .replace(/^(no|default) /, '')
        .split(/\s+/);
      if (known.has(words[0] ?? '')) section = words[0] as string;
      else for (const length of [1, 2]) uses.add(`${section} ${words.slice(0, length).join(' ')}`);
    }
  }
  return uses;
}

const ENTRIES = readEntries();

/** A family is known when one of its members is: `hold` by `hold nx`. */
function isIn(names: ReadonlySet<string>, { section, keyword }: Entry): boolean {
  const name = `${section} ${keyword}`;
  return names.has(name) || [...names].some(one => one.startsWith(`${name} `));
}

test('every word beside proxies has a keyword row', () => {
  const rows = new Set(listKeywords().map(({ section, keyword }) => `${section} ${keyword.name}`));
  const missing = ENTRIES.filter(entry => !isIn(rows, entry)).map(
    ({ section, keyword }) => `${section}: ${keyword}`,
  );
  assert.deepEqual(missing, []);
});

test('every word beside proxies stands in a golden case', () => {
  const uses = readUses();
  const missing = ENTRIES.filter(entry => !isIn(uses, entry)).map(
    ({ section, keyword }) => `${section}: ${keyword}`,
  );
  assert.deepEqual(missing, []);
});
