/**
 * What a response says of caches, read as HAProxy reads it: whether it may be stored at all, for how long, and how
 * old it is already (RFC 9111 sections 3, 4.2 and 5; manual, section 6).
 */
import type { Headers } from '../http/head.ts';
import { parseHttpDate } from '../http/http-date.ts';
import { listItems } from '../http/list-items.ts';
import { isPragmaNoCache } from './request-caching.ts';

/** Cacheable unless the server says otherwise (RFC 9110, section 15.1). */
const CACHEABLE_STATUSES: ReadonlySet<number> = new Set([
  200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501,
]);
const FORBIDDING = /^(?:private(?:$|=)|no-cache(?:$|=)|no-store(?:$|=)|s-maxage=0$)/;

/** `requestAllows`: nothing in the request speaks against it. Its cookies are stored with it. */
export function mayBeStored(requestAllows: boolean, status: number, headers: Headers): boolean {
  const kept = readCaching(requestAllows, status, headers);
  return kept?.mayKeep === true && kept.mayKeepCookie;
}

/** As above, with its cookies or without. */
export function mayBeKept(requestAllows: boolean, status: number, headers: Headers): boolean {
  return readCaching(requestAllows, status, headers)?.mayKeep === true;
}

/** Undefined: no cache keeps it. */
function readCaching(requestAllows: boolean, status: number, headers: Headers): CacheControl | undefined {
  if (isPragmaNoCache(headers.get('pragma'))) return undefined;
  const usual = requestAllows && CACHEABLE_STATUSES.has(status);
  const control = readCacheControl(listItems(headers, 'cache-control'), usual);
  // without a term and without anything to ask again by, no cache keeps it
  const lasts =
    control.isFresh || headers.has('expires') || headers.has('etag') || headers.has('last-modified');
  return lasts ? control : undefined;
}

interface CacheControl {
  readonly mayKeep: boolean;
  readonly mayKeepCookie: boolean;
  /** It says for how long. */
  readonly isFresh: boolean;
}

/** A later directive overrides an earlier one; `max-age=0` counts where no `s-maxage` is given. */
function readCacheControl(items: readonly string[], usual: boolean): CacheControl {
  let mayKeep = usual;
  let mayKeepCookie = usual;
  let isFresh = false;
  let endsAtOnce = false;
  for (const item of items) {
    const directive = item.toLowerCase();
    if (directive === 'public') mayKeep = mayKeepCookie = true;
    else if (directive === 'max-age=0') endsAtOnce = true;
    else if (directive === 'no-cache="set-cookie"') mayKeepCookie = false;
    else if (FORBIDDING.test(directive)) mayKeep = mayKeepCookie = false;
    else if (directive.startsWith('s-maxage')) {
      isFresh = true;
      endsAtOnce = false;
    } else if (directive.startsWith('max-age')) isFresh = true;
  }
  return { mayKeep: mayKeep && !endsAtOnce, mayKeepCookie, isFresh };
}

/** RFC 9111 section 1.2.2: larger ages are told as this one. */
const OLDEST = 0x7fff_ffff;

/**
 * The seconds a response is fresh for, as it says itself; -1: it does not say, NaN: what it says is no number. Dates
 * that are none lie in the past (RFC 9111 section 5.3).
 */
export function ownLifetime(headers: Headers, now: number): number {
  let shared = -1;
  let own = -1;
  for (const item of listItems(headers, 'cache-control')) {
    const directive = item.toLowerCase();
    if (directive.startsWith('s-maxage=')) shared = seconds(directive.slice('s-maxage='.length));
    else if (directive.startsWith('max-age=')) own = seconds(directive.slice('max-age='.length));
    if (Number.isNaN(shared) || Number.isNaN(own)) return NaN;
  }
  if (shared > 0) return shared;
  if (own > 0) return own;
  const expires = shared < 0 && own < 0 ? headers.get('expires') : undefined;
  if (expires === undefined) return -1;
  return Math.max(0, (parseHttpDate(expires) ?? 0) - now);
}

/** The number may stand in quotes. */
function seconds(text: string): number {
  const match = /^"?(\d+)/.exec(text);
  return match === null ? NaN : Math.min(OLDEST, Number(match[1]));
}

/** The age it came with: 0 without an Age field, NaN when that is no number. */
export function ownAge(headers: Headers): number {
  const text = headers.get('age');
  if (text === undefined) return 0;
  return /^\d+$/.test(text) ? Math.min(OLDEST, Number(text)) : NaN;
}

/** As it is told to clients. */
export function currentAge(age: number, validated: number, now: number): number {
  return Math.min(OLDEST, age + Math.max(0, now - validated));
}

/** When the resource was changed, as far as can be said (RFC 9110 section 13.1.3), in seconds since the epoch. */
export function changedAt(headers: Headers, now: number): number {
  return dateOf(headers.get('last-modified')) ?? dateOf(headers.get('date')) ?? now;
}

function dateOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseHttpDate(text);
}
