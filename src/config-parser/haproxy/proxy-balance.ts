/** `balance`, `hash-type` and what goes with them (manual, section 4.2). */
import type { Balance, HashType } from '../../model/balance.ts';
import type { Word } from '../../model/word.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext } from '../line-context.ts';
import { refused, parsed, type Parsed } from '../parsed.ts';
import { didYouMean } from '../nearest.ts';
import { oneOf, readInteger } from './argument.ts';
import { ignoredWithoutBackend } from './proxy-capability.ts';
import type { ProxyDraft } from './proxy-draft.ts';

type Reader = (argument: string | undefined, words: readonly Word[]) => Parsed<Balance>;

function plain(algorithm: 'roundrobin' | 'static-rr' | 'leastconn' | 'first' | 'source' | 'sticky'): Reader {
  return () => parsed({ algorithm });
}

/** Words after the algorithm that it has no use for are not looked at, as in HAProxy. */
function readRandom(argument: string | undefined): Parsed<Balance> {
  if (argument === undefined || argument === '') return parsed({ algorithm: 'random', draws: 2 });
  if (!/^-?\d+$/.test(argument))
    return refused(`random : unexpected character in '${argument}' after argument.`);
  const draws = Number(argument);
  if (draws < 1) return refused('random : number of draws must be at least 1.');
  return parsed({ algorithm: 'random', draws });
}

function readUri(_: string | undefined, words: readonly Word[]): Parsed<Balance> {
  const uri = { algorithm: 'uri' as const, len: 0, depth: 0, whole: false, pathOnly: false };
  for (let index = 0; index < words.length; index++) {
    const name = words[index]?.text;
    if (name === 'whole') uri.whole = true;
    else if (name === 'path-only') uri.pathOnly = true;
    else if (name === 'len' || name === 'depth') {
      const value = words[++index]?.text ?? '';
      if (!/^\d+$/.test(value) || Number(value) < 1)
        return refused(`uri : '${name}' expects a positive integer (got '${value}').`);
      uri[name] = Number(value);
    } else
      return refused(`uri only accepts parameters 'len', 'depth', 'path-only', and 'whole' (got '${name}').`);
  }
  return parsed(uri);
}

/** The body of a POST is always searched, with `check_post` or without, and a time behind it is not looked at, as in HAProxy. */
function readUrlParam(_: string | undefined, words: readonly Word[]): Parsed<Balance> {
  const [name, modifier] = words;
  if (name === undefined) return refused('url_param requires an URL parameter name.');
  if (modifier !== undefined && modifier.text !== 'check_post')
    return refused(`url_param only accepts 'check_post' modifier (got '${modifier.text}').`);
  return parsed({ algorithm: 'url_param', name: name.text });
}

function readHash(_: string | undefined, words: readonly Word[]): Parsed<Balance> {
  const [expression, extra] = words;
  if (expression === undefined) return refused('hash requires a sample expression.');
  if (extra !== undefined) return refused(`hash takes no other argument (got '${extra.text}').`);
  return parsed({ algorithm: 'hash', expression });
}

function readHeader(argument: string | undefined, words: readonly Word[]): Parsed<Balance> {
  if (argument === undefined || argument === '') return refused('hdr requires an http header field name.');
  const modifier = words[0];
  if (modifier !== undefined && modifier.text !== 'use_domain_only')
    return refused(`hdr(${argument}) only accepts 'use_domain_only' modifier (got '${modifier.text}').`);
  return parsed({ algorithm: 'hdr', name: argument, useDomainOnly: modifier !== undefined });
}

function readRdpCookie(argument: string | undefined): Parsed<Balance> {
  if (argument === '') return refused('rdp-cookie : missing cookie name.');
  return parsed({ algorithm: 'rdp-cookie', name: argument ?? 'mstshash' });
}

function readLogHash(_: string | undefined, words: readonly Word[]): Parsed<Balance> {
  const converters = words[0];
  return converters === undefined
    ? refused('log-hash requires a converter list.')
    : parsed({ algorithm: 'log-hash', converters });
}

const READERS: Readonly<Record<string, Reader>> = {
  roundrobin: plain('roundrobin'),
  'static-rr': plain('static-rr'),
  leastconn: plain('leastconn'),
  first: plain('first'),
  source: plain('source'),
  sticky: plain('sticky'),
  random: readRandom,
  uri: readUri,
  url_param: readUrlParam,
  hash: readHash,
  hdr: readHeader,
  'rdp-cookie': readRdpCookie,
  'log-hash': readLogHash,
};

const PARENTHESISED: ReadonlySet<string> = new Set(['random', 'hdr', 'rdp-cookie']);

/** What `balance` means; `words` behind the keyword. */
function readBalance(words: readonly Word[]): Parsed<Balance> {
  const text = words[0]?.text;
  if (text === undefined) return parsed({ algorithm: 'random', draws: 2 });
  const match = /^([a-z_-]+)\((.*)$/.exec(text);
  const name = match?.[1] ?? text;
  const isKnown = Object.hasOwn(READERS, name) && (PARENTHESISED.has(name) || match === null);
  const reader = isKnown ? READERS[name] : undefined;
  if (reader === undefined) {
    const known = Object.keys(READERS).map(algorithm => `'${algorithm}'`);
    return refused(`only supports ${known.join(', ')} (got '${text}').`);
  }
  if (match !== null && !text.endsWith(')')) return refused(`${name} : missing closing parenthesis.`);
  return reader(match?.[2]?.slice(0, -1), words.slice(1));
}

function parseBalance(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutBackend(draft, 'balance', context);
  const balance = readBalance(words);
  if (balance.error === undefined) {
    draft.backend.balance = balance.value;
    return;
  }
  const name = words[0]?.text.replace(/\(.*/, '') ?? '';
  const hint = !Object.hasOwn(READERS, name) ? didYouMean(name, Object.keys(READERS)) : undefined;
  context.alert(words[0] ?? context.position, `balance ${balance.error}`, hint);
}

const HASH_FUNCTIONS = ['sdbm', 'djb2', 'wt6', 'crc32', 'none'] as const;

/** Without a function it is sdbm, and `consistent` then also mixes the bits (avalanche). */
function parseHashType(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutBackend(draft, 'hash-type', context);
  const [method, name, modifier] = words;
  if (method?.text !== 'consistent' && method?.text !== 'map-based') {
    const modern = `please use 'hash-type map-based sdbm avalanche' instead.`;
    if (method?.text === 'avalanche')
      context.alert(method, `experimental feature 'hash-type avalanche' is not supported anymore, ${modern}`);
    else {
      const hint = didYouMean(method?.text ?? '', ['consistent', 'map-based']);
      context.alert(
        method ?? context.position,
        `'hash-type' only supports 'consistent' and 'map-based'.`,
        hint,
      );
    }
    return;
  }
  const hash = HASH_FUNCTIONS.find(known => known === (name?.text ?? 'sdbm'));
  if (hash === undefined) {
    const known = `'sdbm', 'djb2', 'crc32', 'wt6', or 'none' hash functions`;
    context.alert(name ?? method, `'hash-type' only supports ${known}.`);
  } else if (modifier !== undefined && modifier.text !== 'avalanche')
    context.alert(modifier, `'hash-type' only supports 'avalanche' as a modifier for hash functions.`);
  else {
    const avalanche = modifier !== undefined || (name === undefined && method.text === 'consistent');
    draft.backend.hashType = { method: method.text, function: hash, avalanche } satisfies HashType;
  }
}

function parseBalanceFactor(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const factor = readInteger(words[0], 'hash-balance-factor', context, { min: 0, leading: true });
  if (factor === undefined) return;
  if (factor !== 0 && factor <= 100)
    context.alert(words[0] as Word, `'hash-balance-factor' must be 0 or greater than 100.`);
  else draft.backend.hashBalanceFactor = factor;
}

function parsePreserveAffinity(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const when = oneOf(words[0], 'hash-preserve-affinity', ['always', 'maxconn', 'maxqueue'] as const, context);
  if (when !== undefined) draft.shared.hashPreserveAffinity = when;
}

export const BALANCE_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  {
    name: 'balance',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<algorithm> [<arguments>]',
    arity: [0, 64],
    summary: 'how a server is chosen',
    parse: parseBalance,
  },
  {
    name: 'hash-type',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<method> [<function> [<modifier>]]',
    arity: [1, 3],
    summary: 'how hash values are mapped to servers',
    parse: parseHashType,
  },
  {
    name: 'hash-balance-factor',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<factor>',
    arity: [1, 1],
    summary: 'most load a server takes, in percent of the average',
    parse: parseBalanceFactor,
  },
  {
    name: 'hash-preserve-affinity',
    sections: ['defaults', 'listen', 'backend'],
    args: '{ always | maxconn | maxqueue }',
    arity: [1, 1],
    summary: 'whether a full server keeps its keys',
    parse: parsePreserveAffinity,
  },
];
