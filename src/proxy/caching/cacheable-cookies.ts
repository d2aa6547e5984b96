/**
 * `option checkcache` (manual, section 4.2): a response that sets a cookie and that a cache may keep is not passed on,
 * as the cookie would reach whoever asks the cache next.
 */
import type { Headers } from '../../http/head.ts';
import { isUnsafe } from '../../http-cache/request-caching.ts';
import { mayBeStored } from '../../http-cache/response-caching.ts';

export function setsCacheableCookie(method: string, status: number, headers: Headers): boolean {
  return headers.has('set-cookie') && mayBeStored(!isUnsafe(method), status, headers);
}
