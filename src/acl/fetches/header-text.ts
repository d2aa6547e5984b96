/** Reading header values and request targets as the fetches need them (RFC 9110, section 5.6.1; RFC 9112, section 3.2). */
import type { Headers } from '../../http/head.ts';
import { hashName } from '../../http/known-fields.ts';

/** End of the item that starts at `from`: an unquoted comma, or the end of the text. */
export function itemEnd(text: string, from: number): number {
  const comma = text.indexOf(',', from);
  if (comma < 0) return text.length;
  const quote = text.indexOf('"', from);
  if (quote < 0 || quote > comma) return comma;
  return quotedItemEnd(text, quote);
}

function quotedItemEnd(text: string, from: number): number {
  let quoted = false;
  for (let index = from; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (quoted && code === 92) index++;
    else if (code === 34) quoted = !quoted;
    else if (!quoted && code === 44) return index;
  }
  return text.length;
}

/** Without surrounding blanks. */
export function trimmed(text: string, start: number, end: number): string {
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9 || code === 13 || code === 10;
}

/**
 * Visits the comma separated items of all headers of that name (`''`: of any), until `visit` answers true. `hash`, here
 * and below: of the name, where it is known long before.
 */
export function eachItem(
  headers: Headers,
  name: string,
  visit: (item: string) => boolean,
  hash = hashName(name),
): boolean {
  for (let at = nextHeader(headers, name, 0, hash); at >= 0; at = nextHeader(headers, name, at + 1, hash)) {
    const value = headers.valueAt(at);
    let start = 0;
    for (;;) {
      const end = itemEnd(value, start);
      if (visit(trimmed(value, start, end))) return true;
      if (end >= value.length) break;
      start = end + 1;
    }
  }
  return false;
}

/** Visits whole values. */
export function eachValue(
  headers: Headers,
  name: string,
  visit: (value: string) => boolean,
  hash = hashName(name),
): boolean {
  for (let at = nextHeader(headers, name, 0, hash); at >= 0; at = nextHeader(headers, name, at + 1, hash)) {
    const value = headers.valueAt(at);
    if (visit(trimmed(value, 0, value.length))) return true;
  }
  return false;
}

/** The last of the items that eachItem() visits. */
export function lastItem(headers: Headers, name: string, hash: number): string | undefined {
  const at = lastHeader(headers, name, hash);
  if (at < 0) return undefined;
  const value = headers.valueAt(at);
  let start = 0;
  let end = itemEnd(value, 0);
  while (end < value.length) {
    start = end + 1;
    end = itemEnd(value, start);
  }
  return trimmed(value, start, end);
}

/** The last of the values that eachValue() visits. */
export function lastValue(headers: Headers, name: string, hash: number): string | undefined {
  const at = lastHeader(headers, name, hash);
  if (at < 0) return undefined;
  const value = headers.valueAt(at);
  return trimmed(value, 0, value.length);
}

function lastHeader(headers: Headers, name: string, hash: number): number {
  if (name === '') return headers.count - 1;
  let last = -1;
  for (let at = headers.find(name, 0, hash); at >= 0; at = headers.find(name, at + 1, hash)) last = at;
  return last;
}

function nextHeader(headers: Headers, name: string, from: number, hash: number): number {
  if (name !== '') return headers.find(name, from, hash);
  return from < headers.count ? from : -1;
}

/** Path and query of a target; undefined when it has none (`*`, authority form). */
export function pathAndQuery(target: string): string | undefined {
  if (target.charCodeAt(0) === 47) return target;
  if (target === '' || target.charCodeAt(0) === 42) return undefined;
  const scheme = target.indexOf('://');
  if (scheme < 0) return undefined;
  const rest = /[/?#]/.exec(target.slice(scheme + 3));
  return rest === null ? undefined : target.slice(scheme + 3 + rest.index);
}

let lastTarget = '';
let lastPath: string | undefined;

/** Path without query; computed once for the many rules that ask about the same request. */
export function pathOf(target: string): string | undefined {
  if (target === lastTarget) return lastPath;
  const full = pathAndQuery(target);
  const mark = full === undefined ? -1 : full.indexOf('?');
  lastPath = mark < 0 ? full : (full as string).slice(0, mark);
  lastTarget = target;
  return lastPath;
}

/**
 * A header's number as HAProxy has always read it: a sign, then characters up to the first one above `9`, in
 * 32 bits. Characters below `0` count as negative digits; that is odd, but thresholds were tuned on it.
 */
export function headerInteger(text: string): number {
  const isNegative = text.charCodeAt(0) === 45;
  let value = 0;
  for (let index = isNegative ? 1 : 0; index < text.length; index++) {
    const digit = ((text.charCodeAt(index) << 24) >> 24) - 48;
    if (digit > 9) break;
    value = (Math.imul(value, 10) + (isNegative ? -digit : digit)) | 0;
  }
  return value;
}
