/** Requests that want a response only if it has changed (RFC 9110 sections 13.1.2, 13.1.3 and 13.2.2). */
import type { HeaderList } from '../http/header-list.ts';
import { parseHttpDate } from '../http/http-date.ts';
import { IF_MODIFIED_SINCE, IF_NONE_MATCH } from '../http/known-fields.ts';
import { listItems } from '../http/list-items.ts';

/** What is known of a stored response. */
interface Validators {
  /** Empty: it has none. */
  readonly etag: string;
  /** Seconds since the epoch. */
  readonly lastModified: number;
}

/** The client has it already: 304. If-None-Match makes If-Modified-Since meaningless. */
const CONDITIONS = (1 << IF_NONE_MATCH) | (1 << IF_MODIFIED_SINCE);

export function isNotModified(request: HeaderList, stored: Validators): boolean {
  if ((request.seen & CONDITIONS) === 0) return false;
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
