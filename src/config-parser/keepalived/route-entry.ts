/** One line of `virtual_routes` or `virtual_rules`: keepalived's words -> those of `ip route` and `ip rule`. */
import { isIPv6 } from 'node:net';
import type { IpRouteEntry } from '../../model/ip-entry.ts';
import type { Word } from '../../model/word.ts';
import type { Statement } from './block.ts';
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
    'pref vrf ttl-propagate fastopen_no_cookie'
  ).split(' '),
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
  }),
);

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
    else if (TAKES_VALUE.has(text)) routeOption(draft, text, words);
    else if (destination === undefined && ROUTE_TYPES.has(text)) types.push(text);
    else if (destination === undefined) destination = text;
    else draft.words.push(text);
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

/** Moves an option and its value (`mtu lock 1400` has two) from `words` to the draft. */
function routeOption(draft: Draft, text: string, words: string[]): void {
  const spelled = ROUTE_SPELLING.get(text) ?? text;
  const values = words.splice(0, words[0] === 'lock' ? 2 : 1);
  const value = values.at(-1);
  if (value !== undefined) noteFamily(draft, value);
  if (spelled === 'dev' && value !== undefined) draft.dev ??= value;
  draft.words.push(spelled, ...values);
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
  for (let index = 0; index < words.length; index++) {
    const { text } = words[index] as Word;
    const shared = sharedWord(draft, text);
    if (shared === 'takes one') index++;
    if (shared !== undefined) continue;
    noteFamily(draft, text);
    draft.words.push(RULE_SPELLING.get(text) ?? text);
  }
  if (draft.words.length === 0) {
    scope.report.warn(statement.position, 'empty rule - ignoring it');
    return undefined;
  }
  if (!draft.words.includes('preference'))
    scope.report.remark(statement.position, 'a rule without preference is placed by the kernel');
  return finish(draft, statement);
}
