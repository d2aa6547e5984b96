/**
 * What of a request is hashed (manual, `balance`: source, uri, url_param, hdr, rdp-cookie, hash), each compiled to
 * a function that gives an unsigned 32-bit hash, or NO_KEY: then the servers take turns.
 */
import {
  avalanche,
  hashCrc32,
  hashDjb2,
  hashNone,
  hashSdbm,
  hashWt6,
  type HashFunction,
} from '../base/hash.ts';
import { parseIp } from '../base/ip-address.ts';
import type { Balance, HashType } from '../model/balance.ts';
import type { Endpoint } from '../net/connection.ts';
import type { BalanceFacts } from './balancer.ts';
import { findParameter, headerKey, rdpCookie, uriKey, type Span } from './key-span.ts';

export const NO_KEY = -1;

type KeyHash = (facts: BalanceFacts) => number;

export type HashBalance =
  | { readonly algorithm: 'source' }
  | Extract<Balance, { algorithm: 'uri' | 'url_param' | 'hdr' | 'rdp-cookie' | 'hash' }>;

const FUNCTIONS: Record<HashType['function'], HashFunction> = {
  sdbm: hashSdbm,
  djb2: hashDjb2,
  wt6: hashWt6,
  crc32: hashCrc32,
  none: hashNone,
};

export function compileKeyHash(balance: HashBalance, type: HashType): KeyHash {
  const hash = compileHash(type);
  switch (balance.algorithm) {
    case 'source':
      // The address is folded, not hashed: `hash-type` has a say in the avalanche only.
      return facts => hashSource(facts.remote, type.avalanche);
    case 'uri':
      return facts => (facts.request === undefined ? NO_KEY : hash(uriKey(facts.request.target, balance)));
    case 'url_param':
      return facts => hash(parameterOf(facts, balance.name));
    case 'hdr': {
      const name = balance.name.toLowerCase();
      return facts => hash(headerKey(facts.request?.headers.get(name), balance.useDomainOnly));
    }
    case 'rdp-cookie':
      return facts => hash(rdpCookie(facts.payload(), balance.name));
    case 'hash':
      return facts => hashText(facts.expression(), hash);
  }
}

/** Source, uri, hdr and hash do without the key when there is one server only; the others must find it. */
export function needsKeyForOneServer(algorithm: HashBalance['algorithm']): boolean {
  return algorithm === 'url_param' || algorithm === 'rdp-cookie';
}

function compileHash(type: HashType): (span: Span | undefined) => number {
  const hash = FUNCTIONS[type.function];
  if (type.avalanche)
    return span => (span === undefined ? NO_KEY : avalanche(hash(span.text, span.start, span.end)));
  return span => (span === undefined ? NO_KEY : hash(span.text, span.start, span.end));
}

function hashText(text: string | undefined, hash: (span: Span | undefined) => number): number {
  return text === undefined ? NO_KEY : hash({ text, start: 0, end: text.length });
}

/** The words of the address, folded by exclusive or. */
function hashSource(remote: Endpoint, avalanched: boolean): number {
  if (remote.family === 0) return NO_KEY;
  const ip = parseIp(remote.host);
  if (ip === undefined) return NO_KEY;
  const folded = (ip.family === 4 ? ip.w3 : ip.w0 ^ ip.w1 ^ ip.w2 ^ ip.w3) >>> 0;
  return avalanched ? avalanche(folded) : folded;
}

/** In the query string; for POST also in the body, whether `check_post` is said or not, as in HAProxy. */
function parameterOf(facts: BalanceFacts, name: string): Span | undefined {
  const { request } = facts;
  if (request === undefined) return undefined;
  const question = request.target.indexOf('?');
  const found = question < 0 ? undefined : findParameter(request.target, question + 1, name);
  if (found !== undefined || request.method !== 'POST') return found;
  return formValue(findParameter(facts.payload(), 0, name));
}

/** A form's value ends at white space; with any other char that is no token char the body is no form. */
function formValue(value: Span | undefined): Span | undefined {
  if (value === undefined) return undefined;
  for (let index = value.start; index < value.end; index++) {
    const char = value.text.charAt(index);
    if (/[\w!#$%&'*+\-.^`|~]/.test(char)) continue;
    return ' \t\r\n'.includes(char) ? { ...value, end: index } : undefined;
  }
  return value;
}
