// Holds the tables of samples, converters, ACL words and log fields against an inventory of HAProxy 3.4 (tab
// separated files) and writes docs/coverage/samples.md: `node scripts/coverage-samples.mjs <inventory folder>`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ACL_KEYWORDS, PREDEFINED_ACLS } from '../dist/src/acl/acl-keywords.js';
import { converterRow, fetchRow } from '../dist/src/acl/catalog.js';
import { ALIASES } from '../dist/src/acl/log-format/aliases.js';
import { findMethod } from '../dist/src/acl/match/method.js';
import { phasesOf } from '../dist/src/acl/phase.js';

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: node scripts/coverage-samples.mjs <inventory folder>');
  process.exit(2);
}

const rows = name =>
  readFileSync(join(folder, name), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map(line => line.split('\t'));

const WORKS = 'works';

function judge(row) {
  if (row === undefined) return 'unknown here';
  return row.compile === undefined ? `needs ${row.missing}` : WORKS;
}

function matrixOf(row) {
  const bits = phasesOf(row.sources);
  return Array.from({ length: 22 }, (_, index) => (bits & (1 << index) ? 'Y' : '.')).join('');
}

/** { name, tier, verdict } of every inventory row that HAProxy 3.4 itself accepts. */
const accepted = status => status !== 'not-built' && status !== 'documented-only';

const fetches = rows('haproxy-samples.tsv')
  .filter(([, , , , , , status]) => accepted(status))
  .map(([name, , , , , matrix, , tier]) => {
    const row = fetchRow(name);
    const misplaced = row !== undefined && matrixOf(row) !== matrix;
    return { name, tier, verdict: misplaced ? 'other phases than in HAProxy' : judge(row) };
  });

const converters = rows('haproxy-converters.tsv')
  .filter(([, , , , status]) => accepted(status))
  .map(([name, , , , , tier]) => ({ name, tier, verdict: judge(converterRow(name)) }));

const derived = new Set(ACL_KEYWORDS.map(({ name }) => name));
const SYNTAX = new Set(['flag', 'operator', 'logic', 'default-match']);

function judgeAcl(kind, name) {
  if (kind === 'derived') return derived.has(name) ? WORKS : 'unknown here';
  if (kind === 'predefined') return name in PREDEFINED_ACLS ? WORKS : 'unknown here';
  if (kind === 'match-method') return findMethod(name) === undefined ? 'unknown here' : WORKS;
  return SYNTAX.has(kind) ? WORKS : 'unknown here';
}

const acls = rows('haproxy-acl-match.tsv')
  .filter(([kind]) => kind !== 'derived-documented-only')
  .map(([kind, name, , , tier]) => ({ name: `${name} (${kind})`, tier, verdict: judgeAcl(kind, name) }));

const aliases = new Set(ALIASES.map(({ name }) => `%${name}`));
const logFields = rows('haproxy-log-fields.tsv').map(([item, kind, , , , tier]) => ({
  name: item,
  tier,
  verdict: kind !== 'alias' || item === '%o' || aliases.has(item) ? WORKS : 'unknown here',
}));

const TIERS = ['A', 'B', 'C', 'D'];

function summary(title, items) {
  const cells = TIERS.map(tier => {
    const all = items.filter(item => item.tier === tier);
    const works = all.filter(item => item.verdict === WORKS).length;
    return all.length === 0 ? '' : `${works} of ${all.length}`;
  });
  return `| ${[title, ...cells].join(' | ')} |`;
}

/** What does not work, by reason. */
function missing(title, items) {
  const reasons = new Map();
  for (const { name, tier, verdict } of items) {
    if (verdict === WORKS) continue;
    const names = reasons.get(verdict) ?? [];
    names.push(`\`${name}\` ${tier}`);
    reasons.set(verdict, names);
  }
  if (reasons.size === 0) return '';
  const lines = [...reasons]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([reason, names]) => `- ${reason}: ${names.join(', ')}`);
  return `\n### ${title}\n\n${lines.join('\n')}\n`;
}

const groups = [
  ['Sample fetches', fetches],
  ['Converters', converters],
  ['ACL words, methods, flags, operators', acls],
  ['Log-format items', logFields],
];

const page = `# Coverage of the sample language

Written by \`scripts/coverage-samples.mjs\`: the tables of this program against every word that HAProxy 3.4 accepts.
Tier A must work, B is common, C rare, D out of scope. "Works" means: it compiles, in the same phases, and evaluates;
what does not is listed with its reason and refused with that reason at load.

| | A | B | C | D |
| --- | --- | --- | --- | --- |
${groups.map(([title, items]) => summary(title, items)).join('\n')}

## What does not work yet
${groups.map(([title, items]) => missing(title, items)).join('')}`;

const target = fileURLToPath(new URL('../docs/coverage/', import.meta.url));
mkdirSync(target, { recursive: true });
writeFileSync(join(target, 'samples.md'), page);
for (const [title, items] of groups) console.log(summary(title, items));
