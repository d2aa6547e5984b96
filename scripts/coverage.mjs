// Holds the tables of rules, samples, converters, ACL words and log fields against all words that HAProxy 3.4 accepts
// (test/cases/coverage, test/cases/rules) and writes docs/coverage.md: `node scripts/coverage.mjs` after a build.
// `--check` writes nothing and ends with 1 when the page is not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ACL_KEYWORDS, PREDEFINED_ACLS } from '../dist/src/acl/acl-keywords.js';
import { converterRow, fetchRow } from '../dist/src/acl/catalog.js';
import { ALIASES } from '../dist/src/acl/log-format/aliases.js';
import { findMethod } from '../dist/src/acl/match/method.js';
import { PHASES, phasesOf } from '../dist/src/acl/phase.js';
import { findAction, findUnsupported } from '../dist/src/rules/action-table.js';

const root = new URL('../', import.meta.url);
const rows = path =>
  readFileSync(new URL(path, root), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map(line => line.split('\t'));

const WORKS = 'works';
const UNKNOWN = 'unknown here';

function judge(row) {
  return row === undefined ? UNKNOWN : WORKS;
}

function phasesText(row) {
  const bits = phasesOf(row.sources);
  return PHASES.map((_, index) => (bits & (1 << index) ? 'Y' : '.')).join('');
}

function judgeFetch(name, phases) {
  const row = fetchRow(name);
  return row !== undefined && phasesText(row) !== phases ? 'other phases than in HAProxy' : judge(row);
}

const derived = new Set(ACL_KEYWORDS.map(({ name }) => name));
const SYNTAX = new Set(['flag', 'operator', 'logic', 'default-match']);

function judgeAcl(kind, name) {
  if (kind === 'derived') return derived.has(name) ? WORKS : UNKNOWN;
  if (kind === 'predefined') return name in PREDEFINED_ACLS ? WORKS : UNKNOWN;
  if (kind === 'match-method') return findMethod(name) === undefined ? UNKNOWN : WORKS;
  return SYNTAX.has(kind) ? WORKS : UNKNOWN;
}

const aliases = new Set(ALIASES.map(({ name }) => `%${name}`));

function judgeAction(ruleset, action) {
  const name = action.replace(/\(.*/, '');
  if (findAction(name, ruleset) !== undefined) return WORKS;
  const missing = findUnsupported(name, ruleset);
  return missing === undefined ? UNKNOWN : `needs ${missing.needs}`;
}

const groups = [
  [
    'Rules',
    rows('test/cases/rules/actions.tsv').map(([ruleset, action, tier]) => ({
      name: `${ruleset} ${action}`,
      tier,
      verdict: judgeAction(ruleset, action),
    })),
  ],
  [
    'Sample fetches',
    rows('test/cases/coverage/samples.tsv').map(([name, phases, tier]) => ({
      name,
      tier,
      verdict: judgeFetch(name, phases),
    })),
  ],
  [
    'Converters',
    rows('test/cases/coverage/converters.tsv').map(([name, tier]) => ({
      name,
      tier,
      verdict: judge(converterRow(name)),
    })),
  ],
  [
    'ACL words, methods, flags, operators',
    rows('test/cases/coverage/acl.tsv').map(([kind, name, tier]) => ({
      name: `${name} (${kind})`,
      tier,
      verdict: judgeAcl(kind, name),
    })),
  ],
  [
    'Log-format items',
    rows('test/cases/coverage/log-fields.tsv').map(([name, kind, tier]) => ({
      name,
      tier,
      verdict: kind !== 'alias' || name === '%o' || aliases.has(name) ? WORKS : UNKNOWN,
    })),
  ],
];

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

const page = `# Coverage of the rules language

Written by \`scripts/coverage.mjs\`: the tables of this program against every word that HAProxy 3.4 accepts. Tier A must
work, B is common, C rare, D out of scope. "Works" means: it compiles, in the same rulesets or phases, and does something;
samples and converters are compared with the values HAProxy gives in \`test/acl/differential.test.ts\`, odd expressions,
conditions, log formats and rules with the real program in \`test/flows/odd-beside-haproxy.test.ts\`, and each action has a
line in \`test/cases/rules/actions.tsv\` that must compile. What does not work is listed with its reason; a
rule of those is left out with a warning.

|  | A | B | C | D |
| --- | --- | --- | --- | --- |
${groups.map(([title, items]) => summary(title, items)).join('\n')}

## What does not work yet
${groups.map(([title, items]) => missing(title, items)).join('')}
## Fuzzing

\`node scripts/fuzz.mjs language --seconds 600\` sends random and mangled texts through the compilers of expressions, log formats,
ACLs and regular expressions, and through what they compiled. Ten minutes (seed 20261) ended with nothing thrown and nothing
over 100 ms of processor time; the suite runs five seconds of it.

\`node scripts/fuzz.mjs http2 --seconds 60\` draws blocks of fields and conversations of HTTP/2 sessions, feeds sessions with mangled
ones, and puts clients and servers that misbehave around the program while others are served. Blocks, sessions and clients of
seed 20262 ended with every byte of decent peers where it belongs, nothing thrown and nothing over 100 ms.

## What works otherwise than in HAProxy

- \`cpu_calls\`, \`cpu_ns_*\` and \`lat_ns_*\` tell of HTTP requests, while \`profiling.tasks\` measures, and are 0 else (HAProxy counts calls
  always); \`lat_ns_*\` stay 0 on the node engine.
- \`cpu_usage_thr\`, \`cpu_usage_grp\` and \`cpu_usage_proc\` are one number, the whole process's; \`term_events\` tells of no
  events.
- \`protobuf\` and \`ungrpc\` find fields of inner messages behind others of them, where HAProxy gives up.
- \`req.len\`, \`res.len\` and \`internal.htx\` of an HTTP message come to what HAProxy's own representation would take,
  of the message as it is now: blocks that rules have emptied in there are not counted.
- Rules see \`Connection\` only as far as it asks for an upgrade: the other options of this hop are taken out of the head
  when it is read.
- \`%rt\` counts the streams of each thread: numbers of different threads never meet, but are not in the order of arrival.
  \`%lc\` counts the lines of one thread.
- Variables of the process (\`proc.\`) and changes of maps reach the other threads a moment later.
- A match of a regular expression that could take too long gives up instead of blocking a thread
  (\`docs/decisions/0004-regex.md\`).
`;

const target = new URL('docs/coverage.md', root);
if (process.argv.includes('--check')) {
  const current = readFileSync(target, 'utf8') === page;
  if (!current) console.error('docs/coverage.md is not current: run node scripts/coverage.mjs');
  process.exit(current ? 0 : 1);
}
writeFileSync(fileURLToPath(target), page);
for (const [title, items] of groups) console.log(summary(title, items));
