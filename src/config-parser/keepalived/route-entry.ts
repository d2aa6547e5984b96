/**
 * One line of `virtual_routes` or `virtual_rules`: keepalived's words -> those of `ip route` and `ip rule`. An entry with
 * a word that nobody knows is reported and left out, as keepalived does.
 */
import { isIP, isIPv6 } from 'node:net';
import type { IpRouteEntry } from '../../model/ip-entry.ts';
import type { Word } from '../../model/word.ts';
import type { Statement } from './block.ts';
import { numberTrouble } from './route-numbers.ts';
import type { Scope } from './scope.ts';

const ROUTE_TYPES = new Set([
  'unicast',
  'local',
  'broadcast',
  'multicast',
  'throw',
  'unreachable',
  'prohibit',
  'blackhole',
  'nat',
  'anycast',
]);

/** Words that `ip route` spells otherwise. */
const ROUTE_SPELLING: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    gw: 'via',
    oif: 'dev',
    priority: 'metric',
    preference: 'metric',
    dsfield: 'tos',
  }),
);

const TAKES_VALUE = new Set(
  (
    'src via gw dev oif scope table metric priority preference protocol tos dsfield weight mtu hoplimit advmss rtt ' +
    'rttvar reordering window cwnd ssthresh realms rto_min initcwnd initrwnd quickack congctl features expires ' +
    'as pref vrf ttl-propagate fastopen_no_cookie'
  ).split(' '),
);

const BEFORE_VALUES = new Set(['lock', 'inet', 'inet6', 'to']);

/** Behind the destination. */
const ALONE = new Set(['onlink', 'nexthop']);

/** After `encap`: kinds and what describes them, with how many values. */
const ENCAPSULATION: ReadonlyMap<string, number> = new Map(
  Object.entries<number>({
    mpls: 1,
    ila: 1,
    ip: 0,
    ip6: 0,
    id: 1,
    dst: 1,
    src: 1,
    tos: 1,
    ttl: 1,
    tc: 1,
    hoplimit: 1,
    flags: 1,
  }),
);

/** Rule words whose spelling or shape differs. */
const RULE_SPELLING: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    dev: 'iif',
    dsfield: 'tos',
    order: 'preference',
    priority: 'preference',
    lookup: 'table',
    'tunnel-id': 'tun_id',
    ip_proto: 'ipproto',
    sup_pl: 'suppress_prefixlength',
    sup_group: 'suppress_ifgroup',
  }),
);

const RULE_VALUES = new Set(
  (
    'from to table lookup preference order priority tos dsfield fwmark realms suppress_prefixlength sup_pl ' +
    'suppress_ifgroup sup_group dev iif oif tunnel-id uidrange protocol ipproto ip_proto sport dport goto'
  ).split(' '),
);

const RULE_ALONE = new Set(['not', 'l3mdev', 'nop', 'blackhole', 'prohibit', 'unreachable']);

interface Draft {
  words: string[];
  /** Come last, as `ip route` wants them. */
  hops: string[];
  family: 4 | 6 | undefined;
  mode: IpRouteEntry['mode'];
  noTrack: boolean;
  dev?: string;
}

/** Words both kinds share. */
function sharedWord(draft: Draft, text: string): 'used' | 'takes one' | undefined {
  if (text === 'no_track') draft.noTrack = true;
  else if (text === 'inet') draft.family = 4;
  else if (text === 'inet6') draft.family = 6;
  else if (text === 'track_group') return 'takes one';
  else return undefined;
  return 'used';
}

function noteFamily(draft: Draft, text: string): void {
  if (draft.family !== undefined) return;
  const [address = ''] = text.split('/');
  if (/^\d+\.\d+\.\d+\.\d+$/.test(address)) draft.family = 4;
  else if (isIPv6(address)) draft.family = 6;
}

function wordsOf(statement: Statement): Word[] {
  return [{ text: statement.name, position: statement.position }, ...statement.words];
}

function finish(draft: Draft, statement: Statement): IpRouteEntry {
  return {
    position: statement.position,
    family: draft.family ?? 4,
    words: draft.words,
    mode: draft.mode,
    noTrack: draft.noTrack,
    ...(draft.dev === undefined ? {} : { dev: draft.dev }),
  };
}

export function parseRouteEntry(statement: Statement, scope: Scope): IpRouteEntry | undefined {
  const draft: Draft = { words: [], hops: [], family: undefined, mode: 'prepend', noTrack: false };
  const words = wordsOf(statement).map(word => word.text);
  const types: string[] = [];
  let destination: string | undefined;
  while (words.length > 0) {
    const text = words.shift() ?? '';
    noteFamily(draft, text);
    const shared = sharedWord(draft, text);
    if (shared === 'takes one') words.shift();
    else if (shared === 'used') continue;
    else if (text === 'add' || text === 'append' || text === 'prepend') draft.mode = text;
    else if (text === 'or') orGateway(draft, words.shift());
    else if (text === 'to' || text === 'dst') destination = words.shift();
    else if (text === 'encap') encapsulation(draft, words);
    else if (TAKES_VALUE.has(text)) {
      const trouble = routeOption(draft, text, words);
      if (trouble !== undefined) return ignored(statement, scope, 'route', trouble);
    } else if (destination === undefined && ROUTE_TYPES.has(text)) types.push(text);
    else if (destination === undefined && isDestination(text)) destination = text;
    else if (ALONE.has(text)) draft.words.push(text);
    else return ignored(statement, scope, 'route', `unknown word '${text}'`);
    if (destination !== undefined) noteFamily(draft, destination);
  }
  if (destination === undefined) {
    scope.report.warn(
      statement.position,
      `route '${statement.name} ${statement.raw}' has no destination - ignoring it`,
    );
    return undefined;
  }
  draft.words = [...types, destination, ...draft.words, ...draft.hops];
  return finish(draft, statement);
}

function isDestination(text: string): boolean {
  return text === 'default' || isIP(text.split('/')[0] ?? '') !== 0;
}

function ignored(statement: Statement, scope: Scope, kind: 'route' | 'rule', trouble: string): undefined {
  scope.report.warn(
    statement.position,
    `${trouble} in ${kind} '${statement.name} ${statement.raw}' - ignoring the ${kind}`,
  );
}

/** Moves `encap` with its kind and what describes it. */
function encapsulation(draft: Draft, words: string[]): void {
  draft.words.push('encap');
  for (let count = ENCAPSULATION.get(words[0] ?? ''); count !== undefined;) {
    draft.words.push(...words.splice(0, 1 + count));
    count = ENCAPSULATION.get(words[0] ?? '');
  }
}

/**
 * Moves an option and its value (`mtu lock 1400`, `via inet6 fe80::1` have two) from `words` to the draft; gives why the
 * value is none.
 */
function routeOption(draft: Draft, text: string, words: string[]): string | undefined {
  const spelled = ROUTE_SPELLING.get(text) ?? text;
  const values = words.splice(0, BEFORE_VALUES.has(words[0] ?? '') ? 2 : 1);
  const value = values.at(-1);
  if (value !== undefined) noteFamily(draft, value);
  if (spelled === 'dev' && value !== undefined) draft.dev ??= value;
  draft.words.push(spelled, ...values);
  return numberTrouble(text, value);
}

/** `via A or B`: two next hops of equal weight. */
function orGateway(draft: Draft, gateway: string | undefined): void {
  const via = draft.words.indexOf('via');
  if (via < 0 || gateway === undefined) return;
  const [, first = ''] = draft.words.splice(via, 2);
  draft.hops.push('nexthop', 'via', first, 'nexthop', 'via', gateway);
}

export function parseRuleEntry(statement: Statement, scope: Scope): IpRouteEntry | undefined {
  const draft: Draft = { words: [], hops: [], family: undefined, mode: 'add', noTrack: false };
  const words = wordsOf(statement);
  while (words.length > 0) {
    const text = words.shift()?.text ?? '';
    const shared = sharedWord(draft, text);
    if (shared === 'takes one') words.shift();
    if (shared !== undefined || text === 'type') continue;
    if (!RULE_VALUES.has(text) && !RULE_ALONE.has(text))
      return ignored(statement, scope, 'rule', `unknown word '${text}'`);
    draft.words.push(RULE_SPELLING.get(text) ?? text);
    const value = RULE_VALUES.has(text) ? words.shift()?.text : undefined;
    const trouble = numberTrouble(text, value);
    if (trouble !== undefined) return ignored(statement, scope, 'rule', trouble);
    if (value === undefined) continue;
    noteFamily(draft, value);
    draft.words.push(value);
  }
  if (draft.words.length === 0) {
    scope.report.warn(statement.position, 'empty rule - ignoring it');
    return undefined;
  }
  const rule = finish(draft, statement);
  if (draft.words.includes('preference')) return rule;
  const preference = scope.rulePreferences.take(rule.family);
  scope.report.remark(
    statement.position,
    `Rule has no preference specified - setting to ${preference}. This is probably not what you want.`,
  );
  return { ...rule, words: [...rule.words, 'preference', String(preference)] };
}
