/** Requests that want a response only if it has changed (RFC 9110 sections 13.1.2, 13.1.3 and 13.2.2). */
import type { Headers } from '../http/head.ts';
import { parseHttpDate } from '../http/http-date.ts';
import { listItems } from '../http/list-items.ts';

/** What is known of a stored response. */
interface Validators {
  /** Empty: it has none. */
  readonly etag: string;
  /** Seconds since the epoch. */
  readonly lastModified: number;
}

/** The client has it already: 304. If-None-Match makes If-Modified-Since meaningless. */
export function isNotModified(request: Headers, stored: Validators): boolean {
  if (request.has('if-none-match'))
    return listItems(request, 'if-none-match').some(tag => tag === '*' || isSameTag(tag, stored.etag));
  const since = request.get('if-modified-since');
  const date = since === undefined ? undefined : parseHttpDate(since);
  return date !== undefined && stored.lastModified <= date;
}

/** Weakly: whether the bytes are the same, too, does not matter (RFC 9110 section 8.8.3.2). */
function isSameTag(one: string, other: string): boolean {
  return other !== '' && opaque(one) === opaque(other);
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}
