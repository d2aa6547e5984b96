/**
 * No word of keepalived.conf is accepted and does silently nothing: taken out of a configuration (07-every-vrrp-word)
 * it changes what the configuration means, or what is said about it; every meaning is used by the program outside of
 * the parser; words without effect are named; common words of keepalived are known.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { AUTH_HMAC } from '../../../src/config-parser/keepalived/auth-hmac.ts';
import { AUTHENTICATION } from '../../../src/config-parser/keepalived/authentication.ts';
import { BFD_INSTANCE } from '../../../src/config-parser/keepalived/bfd-instance.ts';
import { CHECKER_TABLES } from '../../../src/config-parser/keepalived/checkers/checker.ts';
import { SMTP_HOST } from '../../../src/config-parser/keepalived/checkers/smtp-rows.ts';
import { urlTable } from '../../../src/config-parser/keepalived/checkers/http-url.ts';
import { GLOBAL_DEFS } from '../../../src/config-parser/keepalived/global-defs.ts';
import { IGNORED_WORDS, ignoredKeyword } from '../../../src/config-parser/keepalived/ignored-keywords.ts';
import { parseKeepalived } from '../../../src/config-parser/keepalived/parse.ts';
import { REAL_SERVER } from '../../../src/config-parser/keepalived/real-server.ts';
import { VRRP_SYNC_GROUP } from '../../../src/config-parser/keepalived/sync-group.ts';
import { SSL, TOP } from '../../../src/config-parser/keepalived/top.ts';
import {
  GARP_GROUP,
  TRACK_FILE,
  VRRP_SCRIPT,
  VRRP_TRACK_PROCESS,
} from '../../../src/config-parser/keepalived/trackables.ts';
import { VIRTUAL_SERVER } from '../../../src/config-parser/keepalived/virtual-server.ts';
import { VRRP_INSTANCE } from '../../../src/config-parser/keepalived/vrrp-instance.ts';

const VRRP_TABLES = [
  GLOBAL_DEFS,
  VRRP_SYNC_GROUP,
  GARP_GROUP,
  VRRP_SCRIPT,
  TRACK_FILE,
  VRRP_TRACK_PROCESS,
  VRRP_INSTANCE,
  AUTHENTICATION,
  AUTH_HMAC,
  BFD_INSTANCE,
];

/** Where the line of the case says what holds anyway, or there is none: one that does not. */
const TELLING: Readonly<Record<string, string>> = {
  'global_defs include_check': 'include_check match\n include nothing.conf',
  'global_defs random_seed': 'random_seed 42',
  'global_defs reload_check_config': 'reload_check_config /tmp/log',
  'global_defs smtp_alert': 'smtp_alert on',
  'global_defs vrrp_lower_prio_no_advert': 'vrrp_lower_prio_no_advert on',
  'global_defs vrrp_higher_prio_send_advert': 'vrrp_higher_prio_send_advert off',
  'global_defs vrrp_strict': 'vrrp_strict',
  'global_defs vrrp_skip_check_adv_addr': 'vrrp_skip_check_adv_addr',
  'global_defs v3_checksum_as_v2': 'v3_checksum_as_v2',
  'vrrp_sync_group notify_deleted': 'notify_deleted',
  'vrrp_sync_group notify_master_rx_lower_pri': 'notify_master_rx_lower_pri /bin/r',
  'vrrp_sync_group notify_priority_changes': 'notify_priority_changes on',
  'vrrp_sync_group sync_group_tracking_weight': 'sync_group_tracking_weight\n track_script { s weight 5 }',
  'vrrp_track_process delay': 'delay 2',
  'vrrp_instance state': 'state MASTER',
  'vrrp_instance preempt': 'nopreempt\n preempt',
  'vrrp_instance accept': 'strict_mode on\n accept',
  'vrrp_instance strict_mode': 'strict_mode on',
  'bfd_instance vrrp': 'checker\n vrrp',
  'vrrp_instance owner_ignore_adverts': 'priority 255\n owner_ignore_adverts on',
};

/** A small configuration in which one more line can stand in that block; it may follow another one. */
const INSTANCE =
  'vrrp_instance V {\n interface eth0\n virtual_router_id 9\n virtual_ipaddress { 10.0.0.1 }\n';
const OTHERS = `${INSTANCE} }
vrrp_instance W {\n interface eth0\n virtual_router_id 8\n priority 255\n use_vmac\n virtual_ipaddress { fe80::1 }\n }
vrrp_script s {\n script /bin/true\n interval \${_RANDOM 1 9}\n }\n`;
/** Global defaults concern it when they stand before. */
const SERVER = `virtual_server 10.2.2.2 80 {\n protocol TCP\n real_server 10.3.3.3 80 {\n TCP_CHECK {\n }\n }\n}`;
const BEGINNINGS: Readonly<Record<string, string>> = {
  global_defs: `${OTHERS}global_defs {\n`,
  vrrp_sync_group: `${OTHERS}vrrp_sync_group G {\n group { V W }\n`,
  vrrp_track_process: 'vrrp_track_process p {\n process x\n',
  vrrp_instance: INSTANCE,
  bfd_instance: `${INSTANCE} track_bfd {\n n\n }\n }\nbfd_instance n {\n neighbor_ip 10.0.0.2\n`,
};

const CASE = readFileSync('test/cases/keepalived/07-every-vrrp-word.case', 'utf8');
const LINES = (/^--- keepalived.conf\n(.*?)^--- says/ms.exec(CASE)?.[1] ?? '').split('\n');

interface Statement {
  readonly block: string;
  readonly word: string;
  readonly from: number;
  /** Behind its last line. */
  readonly to: number;
}

/** All statements that begin a line, with the names of the blocks around them. */
function statements(): Statement[] {
  const found: Statement[] = [];
  const open: { readonly word: string; readonly at: number; readonly index: number }[] = [];
  for (const [at, line] of LINES.entries()) {
    const word = line.trim().split(/\s+/)[0] ?? '';
    if (word === '}') {
      const closed = open.pop();
      const begun = closed === undefined ? undefined : found[closed.index];
      if (closed !== undefined && begun !== undefined) found[closed.index] = { ...begun, to: at + 1 };
      continue;
    }
    if (word === '') continue;
    found.push({ block: open.map(one => one.word).join('/'), word, from: at, to: at + 1 });
    if (line.includes('{') && !line.includes('}')) open.push({ word, at, index: found.length - 1 });
  }
  return found;
}

/** What a configuration means and what is said about it, without line numbers. */
function outcomeOf(lines: readonly string[]): string {
  const text = lines.join('\n');
  const { config, diagnostics } = parseKeepalived('x.conf', {
    read: path => (path.endsWith('x.conf') ? text : undefined),
    glob: () => [],
    configId: '',
    environment: {},
    random: () => 0,
    hostname: 'h',
    interfaceExists: () => false,
  });
  return JSON.stringify([config, diagnostics.map(({ message }) => message)], (key, value: unknown) =>
    key === 'position' ? undefined : value instanceof Map ? [...(value as Map<unknown, unknown>)] : value,
  );
}

/** Taken out of the case, or put into a small configuration. */
function changes(block: string, word: string, all: readonly Statement[]): boolean {
  const places = all.filter(one => one.block === block && one.word === word);
  const whole = outcomeOf(LINES);
  if (places.some(({ from, to }) => outcomeOf(LINES.toSpliced(from, to - from)) !== whole)) return true;
  const beginning = BEGINNINGS[block];
  if (beginning === undefined) return false;
  const telling = TELLING[`${block} ${word}`];
  const candidates =
    telling === undefined ? places.map(({ from, to }) => LINES.slice(from, to).join('\n')) : [telling];
  return candidates.some(candidate => {
    const [before = ''] = candidate.split(`\n ${word}`);
    const base = before === candidate ? '' : before;
    return outcomeOf([beginning, candidate, '}', SERVER]) !== outcomeOf([beginning, base, '}', SERVER]);
  });
}

test('every word of the VRRP part changes what the configuration means, or what is said about it', () => {
  const all = statements();
  const idle = VRRP_TABLES.flatMap(({ block, rows }) =>
    rows.filter(({ name }) => !changes(block, name, all)).map(({ name }) => `${block} ${name}`),
  );
  assert.deepEqual(idle, []);
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => `${folder}/${name}`);
}

test('every meaning of the VRRP part is used outside of the parser', () => {
  const users = ['src/vrrp', 'src/l4', 'src/worker', 'src/master', 'src/net']
    .flatMap(filesBelow)
    .map(file => readFileSync(file, 'utf8'))
    .join('\n');
  const model = ['vrrp-instance', 'ip-entry', 'script-command', 'keepalived']
    .map(name => readFileSync(`src/model/${name}.ts`, 'utf8'))
    .join('\n');
  const fields = new Set([...model.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(match => match[1] ?? ''));
  assert.ok(fields.size > 100, `${fields.size} fields`);
  assert.deepEqual(
    [...fields].filter(field => !new RegExp(`\\b${field}\\b`).test(users)),
    [],
  );
});

test('a word without effect here is named, one that cannot be had is refused', () => {
  for (const word of IGNORED_WORDS.get('global_defs') ?? [])
    assert.match(outcomeOf(['global_defs {', word, '}']), new RegExp(`'${word}' is recognised but`), word);
  for (const word of IGNORED_WORDS.get('vrrp_instance') ?? []) {
    const lines = ['vrrp_instance V {', word, 'interface lo', 'virtual_router_id 1', '}'];
    assert.match(outcomeOf(lines), new RegExp(`'${word}' is recognised but`), word);
  }
  const lines = ['vrrp_instance V {', 'use_ipvlan', 'interface lo', 'virtual_router_id 1', '}'];
  assert.match(outcomeOf(lines), /'use_ipvlan' is not supported/);
});

test('a word nobody knows leaves a route or a rule out, and is named', () => {
  const outcome = outcomeOf([
    'static_routes {',
    '10.1.0.0/16 via 10.0.0.1 dev lo onlink',
    '10.2.0.0/16 via 10.0.0.1 wia lo',
    'via inet6 fe80::1 dev lo default',
    'dev lo encap ip id 5 dst 10.0.0.9 ttl 3 10.3.0.0/16',
    '}',
    'static_rules {',
    'not from 10.0.0.0/8 sup_pl 0 table 7 preference 9',
    'form 10.0.0.0/8 table 7',
    '}',
  ]);
  const [{ staticRoutes, staticRules }, said] = JSON.parse(outcome) as [
    Readonly<Record<'staticRoutes' | 'staticRules', readonly { readonly words: readonly string[] }[]>>,
    string[],
  ];
  assert.deepEqual(
    staticRoutes.map(({ words }) => words.join(' ')),
    [
      '10.1.0.0/16 via 10.0.0.1 dev lo onlink',
      'default via inet6 fe80::1 dev lo',
      '10.3.0.0/16 dev lo encap ip id 5 dst 10.0.0.9 ttl 3',
    ],
  );
  assert.deepEqual(
    staticRules.map(({ words }) => words.join(' ')),
    ['not from 10.0.0.0/8 suppress_prefixlength 0 table 7 preference 9'],
  );
  assert.deepEqual(said, [
    "unknown word 'wia' in route '10.2.0.0/16 via 10.0.0.1 wia lo' - ignoring the route",
    "unknown word 'form' in rule 'form 10.0.0.0/8 table 7' - ignoring the rule",
  ]);
});

/** test/cases/keepalived-words.tsv: the words a keepalived.conf commonly has, with their blocks. */
test('the common words of keepalived are read, or named as having no effect', () => {
  const tables = [
    TOP,
    ...VRRP_TABLES,
    SSL,
    VIRTUAL_SERVER,
    REAL_SERVER,
    ...Object.values(CHECKER_TABLES),
    urlTable('virtual_server/real_server/HTTP_GET'),
    urlTable('virtual_server/real_server/SSL_GET'),
    SMTP_HOST,
  ];
  const rows = new Map(tables.map(({ block, rows }) => [block, new Set(rows.map(({ name }) => name))]));
  const words = readFileSync('test/cases/keepalived-words.tsv', 'utf8').trimEnd().split('\n').slice(1);
  assert.ok(words.length > 150, `${words.length} words`);
  const unknown = words.filter(line => {
    const [place = '', word = ''] = line.split('\t');
    const block = place === '-' ? '' : place;
    return rows.get(block)?.has(word) !== true && ignoredKeyword(block, word) === undefined;
  });
  assert.deepEqual(unknown, []);
});
