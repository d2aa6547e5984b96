// Holds the tables of keepalived.conf against an inventory of keepalived's words (tab separated) and writes
// docs/coverage/keepalived.md: `node scripts/coverage-keepalived.mjs <inventory folder>`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BFD_INSTANCE } from '../dist/src/config-parser/keepalived/bfd-instance.js';
import { CHECKER_TABLES } from '../dist/src/config-parser/keepalived/checkers/checker.js';
import { GLOBAL_DEFS } from '../dist/src/config-parser/keepalived/global-defs.js';
import { ignoredKeyword } from '../dist/src/config-parser/keepalived/ignored-keywords.js';
import { parseKeepalived } from '../dist/src/config-parser/keepalived/parse.js';
import { VRRP_SYNC_GROUP } from '../dist/src/config-parser/keepalived/sync-group.js';
import { SSL, TOP } from '../dist/src/config-parser/keepalived/top.js';
import {
  GARP_GROUP,
  TRACK_FILE,
  VRRP_SCRIPT,
  VRRP_TRACK_PROCESS,
} from '../dist/src/config-parser/keepalived/trackables.js';
import { REAL_SERVER } from '../dist/src/config-parser/keepalived/real-server.js';
import { VIRTUAL_SERVER } from '../dist/src/config-parser/keepalived/virtual-server.js';
import { AUTH_HMAC } from '../dist/src/config-parser/keepalived/auth-hmac.js';
import { AUTHENTICATION } from '../dist/src/config-parser/keepalived/authentication.js';
import { urlTable } from '../dist/src/config-parser/keepalived/checkers/http-url.js';
import { SMTP_HOST } from '../dist/src/config-parser/keepalived/checkers/smtp-rows.js';
import { VRRP_INSTANCE } from '../dist/src/config-parser/keepalived/vrrp-instance.js';

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: node scripts/coverage-keepalived.mjs <inventory folder>');
  process.exit(2);
}

const WORKS = 'works';
const READ = 'read and checked; what it does, or does not, is in docs/l4.md';
const SAID = 'recognised, and said at load to have no effect';

const TABLES = new Map(
  [
    TOP,
    GLOBAL_DEFS,
    VRRP_INSTANCE,
    AUTHENTICATION,
    AUTH_HMAC,
    VRRP_SYNC_GROUP,
    VRRP_SCRIPT,
    VRRP_TRACK_PROCESS,
    TRACK_FILE,
    GARP_GROUP,
    BFD_INSTANCE,
    SSL,
    VIRTUAL_SERVER,
    REAL_SERVER,
    ...Object.values(CHECKER_TABLES),
    urlTable('virtual_server/real_server/HTTP_GET'),
    urlTable('virtual_server/real_server/SSL_GET'),
    SMTP_HOST,
  ].map(table => [table.block, table]),
);
TABLES.set('vrrp_track_file', TRACK_FILE);
const LAYER_4 = /^(virtual_server|SSL|\(scheduler|\(forwarding|\(compat)/;
const LAYER_4_TOP = /^(virtual_server|virtual_server_group|SSL)$/;

function judgeTable(block, keyword) {
  const found = TABLES.get(block)?.rows.find(row => row.name === keyword);
  if (found?.withoutEffect) return SAID;
  if (found) return LAYER_4.test(block) || LAYER_4_TOP.test(keyword) ? READ : WORKS;
  const ignored = ignoredKeyword(block, keyword);
  if (ignored === 'no effect') return SAID;
  if (ignored !== undefined) return `refused: ${ignored}`;
  const owner = block.slice(0, block.lastIndexOf('/'));
  if (ignoredKeyword(owner, block.slice(owner.length + 1)) === 'no effect') return SAID;
  return ignoredKeyword('', block) === 'no effect' ? SAID : 'unknown here';
}

/** Words of address, route and rule entries: tried, with arguments of each kind. */
const ENTRIES = {
  '(address entry)': ['virtual_ipaddress', '10.0.0.1/24'],
  '(route entry)': ['virtual_routes', '10.1.0.0/16'],
  '(rule entry)': [
    'virtual_rules',
    'preference 5',
    'from 10.0.0.0/8 preference 5',
    'from 10.0.0.0/8 table 7 preference 5',
    'table 7 preference 5',
  ],
};
const ARGUMENTS = [
  '',
  'eth0',
  '10.0.0.9',
  'global',
  '5',
  '10.0.0.9 dev eth0',
  'nexthop via 10.0.0.9',
  '1.5',
  'eth0:1',
  'fd00::1',
  '0x10',
  'tcp',
  '100-200',
];

/** A name may stand for several words; each has to be taken with some argument behind some beginning. */
function judgeEntry([block, ...beginnings], name) {
  if (name.startsWith('<')) return WORKS;
  const isTaken = word =>
    beginnings.some(first => ARGUMENTS.some(argument => isFine(block, `${first} ${word} ${argument}`)));
  return name.split(/[ /]+/).every(isTaken) ? WORKS : 'unknown here';
}

function isFine(block, line) {
  const text = `vrrp_instance V {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 10.0.0.5/24\n }\n ${block} {\n ${line}\n }\n}\n`;
  const source = {
    read: path => (path === 'x' ? text : undefined),
    glob: () => [],
    configId: '',
    environment: {},
    random: () => 0,
    hostname: 'h',
  };
  return parseKeepalived('x', source).diagnostics.length === 0;
}

function judge(block, keyword) {
  if (block in ENTRIES) return judgeEntry(ENTRIES[block], keyword);
  if (/^\((syntax|notify|fifo)/.test(block)) return WORKS;
  if (block.startsWith('(')) return READ;
  return judgeTable(block === '(top)' ? '' : block, keyword);
}

const items = readFileSync(join(folder, 'keepalived-keywords.tsv'), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map(line => line.split('\t'))
  .map(([block, keyword, , , , tier]) => ({ block, keyword, tier, verdict: judge(block, keyword) }));

const TIERS = ['A', 'B', 'C', 'D'];
const verdicts = [
  ...new Set(items.map(({ verdict }) => verdict.replace(/^refused.*/, 'refused, with the reason'))),
];
const count = (verdict, tier) =>
  items.filter(
    item => item.tier === tier && item.verdict.replace(/^refused.*/, 'refused, with the reason') === verdict,
  ).length || '';
const rows = verdicts.map(
  verdict => `| ${[verdict, ...TIERS.map(tier => count(verdict, tier))].join(' | ')} |`,
);

function listed() {
  const byVerdict = new Map();
  for (const { block, keyword, tier, verdict } of items) {
    if (verdict === WORKS || verdict === READ) continue;
    byVerdict.set(verdict, [...(byVerdict.get(verdict) ?? []), `\`${block} ${keyword}\` ${tier}`]);
  }
  return [...byVerdict].map(([verdict, names]) => `- ${verdict}: ${names.join(', ')}`).join('\n');
}

const page = `# Coverage of keepalived.conf

Written by \`scripts/coverage-keepalived.mjs\`: the tables of this program against every word of keepalived. Tier A must
work, B is common, C rare, D out of scope.

| | A | B | C | D |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

## What has no effect here

${listed()}
`;

const target = fileURLToPath(new URL('../docs/coverage/', import.meta.url));
mkdirSync(target, { recursive: true });
writeFileSync(join(target, 'keepalived.md'), page);
console.log(rows.join('\n'));
