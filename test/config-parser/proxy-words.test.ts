/**
 * Every common word of proxy sections (test/cases/proxy-words.tsv: kind, words, tier) is known to the keyword
 * tables and stands in a line of a golden case that is accepted; removed words, in one that is refused.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { findBindOption } from '../../src/config-parser/haproxy/bind-options.ts';
import { PROXY_KEYWORDS } from '../../src/config-parser/haproxy/proxy-section.ts';
import { findRuleAction } from '../../src/config-parser/haproxy/rule-actions.ts';
import { findServerOption } from '../../src/config-parser/haproxy/server-options.ts';
import type { RulesetName } from '../../src/model/rule.ts';
import { acceptedGoldenLines, allGoldenLines } from '../support/golden-lines.ts';

interface Entry {
  readonly kind: string;
  readonly words: readonly string[];
}

function readEntries(): readonly Entry[] {
  const [, ...lines] = readFileSync('test/cases/proxy-words.tsv', 'utf8').trimEnd().split('\n');
  return lines.map(line => {
    const [kind = '', words = ''] = line.split('\t');
    return { kind, words: words.split(' ') };
  });
}

/** Cut at blanks, commas and parentheses. */
function cut(lines: readonly string[]): readonly (readonly string[])[] {
  return lines.map(line => line.split(/[\s,()]+/));
}

const ENTRIES = readEntries();
const ACCEPTED = cut(acceptedGoldenLines());
const ALL = cut(allGoldenLines());
const KEYWORDS: ReadonlySet<string> = new Set(PROXY_KEYWORDS.map(row => row.name));

function isKnown({ kind, words }: Entry): boolean {
  const name = words.join(' ');
  const last = words.at(-1) ?? '';
  if (kind === 'keyword' || kind === 'removed') return KEYWORDS.has(name);
  if (kind === 'bind') return findBindOption(name) !== undefined;
  if (kind === 'server') return findServerOption(name) !== undefined;
  if (kind === 'action')
    return findRuleAction(last, words.slice(0, -1).join(' ') as RulesetName) !== undefined;
  return true;
}

const FIRST_WORDS: Readonly<Record<string, readonly string[]>> = {
  bind: ['bind'],
  server: ['server', 'default-server', 'server-template'],
  'server value': ['server', 'default-server', 'server-template'],
};

function stands({ kind, words }: Entry): boolean {
  const first = FIRST_WORDS[kind];
  const lines = kind === 'removed' ? ALL : ACCEPTED;
  return lines.some(line => {
    const start = line[0] === 'no' ? line[1] : line[0];
    if (start === undefined) return false;
    if (first !== undefined) return first.includes(start) && words.every(word => line.includes(word));
    const inTable = start === 'stick-table' && words[0] === 'store';
    return (start === words[0] || inTable) && words.every(word => line.includes(word));
  });
}

test('every common word of proxy sections is known', () => {
  const unknown = ENTRIES.filter(entry => !isKnown(entry)).map(
    ({ kind, words }) => `${kind}: ${words.join(' ')}`,
  );
  assert.equal(unknown.join('\n'), '');
});

test('every common word of proxy sections stands in a golden case', () => {
  const missing = ENTRIES.filter(entry => !stands(entry)).map(
    ({ kind, words }) => `${kind}: ${words.join(' ')}`,
  );
  assert.equal(missing.join('\n'), '');
});
