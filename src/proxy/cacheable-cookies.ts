/**
 * `option checkcache` (manual, section 4.2): a response that sets a cookie and that a cache may keep is not passed on,
 * as the cookie would reach whoever asks the cache next. What a cache may keep is read as HAProxy's own cache reads it.
 */
import type { Headers } from '../http/head.ts';
import { listItems } from '../http/list-items.ts';

/** Cacheable unless the server says otherwise (RFC 9110, section 15.1). */
const CACHEABLE_STATUSES: ReadonlySet<number> = new Set([
  200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501,
]);
const CACHEABLE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const FORBIDDING = /^(?:private(?:$|=)|no-cache(?:$|=)|no-store(?:$|=)|s-maxage=0$)/;

export function setsCacheableCookie(method: string, status: number, headers: Headers): boolean {
  if (!headers.has('set-cookie')) return false;
  if (headers.get('pragma')?.toLowerCase() === 'no-cache') return false;
  const usual = CACHEABLE_STATUSES.has(status) && CACHEABLE_METHODS.has(method);
  const control = readCacheControl(listItems(headers, 'cache-control'), usual);
  // without a term and without anything to ask again by, no cache keeps it
  const lasts =
    control.isFresh || headers.has('expires') || headers.has('etag') || headers.has('last-modified');
  return control.mayKeep && control.mayKeepCookie && lasts;
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
