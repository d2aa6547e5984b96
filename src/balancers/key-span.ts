/** Finds the part of a text that is hashed. Texts are latin1: one char is one byte. */
import type { Balance } from '../model/balance.ts';

export interface Span {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

type UriBalance = Extract<Balance, { algorithm: 'uri' }>;

const SLASH = 47;
const QUESTION_MARK = 63;
const EQUALS = 61;
const DOT = 46;

/** The URI up to `?` (all of it with `whole`), at most `len` chars and `depth` directories. */
export function uriKey(target: string, { len, depth, whole, pathOnly }: UriBalance): Span {
  const start = pathOnly ? pathStart(target) : 0;
  const last = len > 0 ? Math.min(target.length, start + len) : target.length;
  let slashes = 0;
  let end = start;
  for (; end < last; end++) {
    const code = target.charCodeAt(end);
    if (code === SLASH) {
      if (depth > 0 && ++slashes === depth + 1) break;
    } else if (code === QUESTION_MARK && !whole) break;
  }
  return { text: target, start, end };
}

/** Where the path of a request target begins: behind the authority of an absolute URI; `*` and `host:port` have none. */
function pathStart(target: string): number {
  if (target.charCodeAt(0) === SLASH) return 0;
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(target);
  if (scheme === null) return target.length;
  const authority = scheme[0].length;
  const path = target.slice(authority).search(/[/?#]/);
  return path < 0 ? target.length : authority + path;
}

/** The value of `name=value` in a list separated by `&`. A name without `=` is none. */
export function findParameter(text: string, from: number, name: string): Span | undefined {
  const { length } = name;
  let at = from;
  while (text.length - at > length) {
    if (text.charCodeAt(at + length) === EQUALS && text.startsWith(name, at)) {
      const start = at + length + 1;
      const end = text.indexOf('&', start);
      return { text, start, end: end < 0 ? text.length : end };
    }
    const separator = text.indexOf('&', at);
    if (separator < 0) return undefined;
    at = separator + 1;
  }
  return undefined;
}

/** The first element of the header's list; with `use_domain_only` only the name before the top level domain. */
export function headerKey(value: string | undefined, domainOnly: boolean): Span | undefined {
  if (value === undefined) return undefined;
  const span = firstElement(value);
  if (span.start === span.end) return undefined;
  return domainOnly ? domainPart(span) : span;
}

function firstElement(text: string): Span {
  let start = 0;
  let end = text.includes(',') ? elementEnd(text) : text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return { text, start, end };
}

/** A comma within a quoted string separates nothing (RFC 9110, section 5.6.4). */
function elementEnd(text: string): number {
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (char === '"') quoted = !quoted;
    else if (quoted && char === '\\') index++;
    else if (!quoted && char === ',') return index;
  }
  return text.length;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9 || code === 13 || code === 10;
}

/** From the last dot back to the dot before it. Without dots all of it. */
function domainPart({ text, start, end }: Span): Span {
  let top = end - 1;
  while (top > start && text.charCodeAt(top) !== DOT) top--;
  if (top <= start) return { text, start, end };
  let begin = top - 1;
  while (begin > start && text.charCodeAt(begin - 1) !== DOT) begin--;
  return { text, start: begin, end: top };
}

/** The value of a cookie in the first line of an RDP connection request, behind its 11 bytes of header. */
export function rdpCookie(payload: string, name: string): Span | undefined {
  const line = payload.slice(11);
  const prefix = /^Cookie: */i.exec(line);
  if (prefix === null) return undefined;
  const nameAt = 11 + prefix[0].length;
  const valueAt = nameAt + name.length + 1;
  if (payload.charCodeAt(valueAt - 1) !== EQUALS) return undefined;
  if (payload.slice(nameAt, valueAt - 1).toLowerCase() !== name.toLowerCase()) return undefined;
  const end = payload.indexOf('\r', valueAt);
  if (end <= valueAt || payload.charAt(end + 1) !== '\n') return undefined;
  return { text: payload, start: valueAt, end };
}
