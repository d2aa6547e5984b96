/**
 * What a request says of caches (RFC 9111 section 5.2.1; manual, section 6.1), as bits: whether a stored response
 * may answer it, and whether the response to it may be stored.
 */
import { AUTHORIZATION, CACHE_CONTROL, PRAGMA } from '../http/known-fields.ts';
import type { Http1RequestHead } from '../http/request-head.ts';

export const MAY_BE_ANSWERED = 1;
export const MAY_BE_STORED = 2;

/** RFC 9110 section 9.2.1: they change nothing, so that what is stored stays valid. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

export function isUnsafe(method: string): boolean {
  return !SAFE_METHODS.has(method);
}

const SAY_SOMETHING = (1 << AUTHORIZATION) | (1 << CACHE_CONTROL) | (1 << PRAGMA);

export function readRequestCaching({ method, version, headers }: Http1RequestHead): number {
  const asks = version >= 11 && (method === 'GET' || method === 'HEAD');
  let bits = (asks ? MAY_BE_ANSWERED : 0) | (isUnsafe(method) ? 0 : MAY_BE_STORED);
  if ((headers.seen & SAY_SOMETHING) === 0) return bits;
  if (bits === 0 || headers.has('authorization')) return 0;
  const first = headers.find('cache-control');
  // a Cache-Control field makes Pragma meaningless (RFC 9111 section 5.4)
  if (first < 0) return isPragmaNoCache(headers.get('pragma')) ? bits & ~MAY_BE_ANSWERED : bits;
  for (let at = first; at >= 0; at = headers.find('cache-control', at + 1))
    bits &= allowedBy(headers.valueAt(at));
  return bits;
}

/** A client that sets a limit of its own to the age of responses gets none from the cache. */
function allowedBy(cacheControl: string): number {
  const directives = cacheControl.toLowerCase();
  let bits = MAY_BE_ANSWERED | MAY_BE_STORED;
  if (/(?:^|,)[ \t]*(?:max-age|no-cache|max-stale|min-fresh)/.test(directives)) bits &= ~MAY_BE_ANSWERED;
  if (/(?:^|,)[ \t]*no-store/.test(directives)) bits &= ~MAY_BE_STORED;
  return bits;
}

export function isPragmaNoCache(value: string | undefined): boolean {
  return value?.toLowerCase() === 'no-cache';
}
