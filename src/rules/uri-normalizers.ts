/**
 * The normalizers of `http-request normalize-uri` (manual, section 4.4; RFC 3986, section 6.2.2): pure functions
 * on a path, a query, or both. Undefined: the input is not valid (only with `strict`).
 */

export function mergeSlashes(path: string): string {
  return path.replace(/\/{2,}/g, '/');
}

/** `/./` and a final `/.` mean nothing. */
export function stripDot(path: string): string {
  const segments = path.split('/');
  const last = segments.pop() as string;
  const kept = segments.filter(segment => segment !== '.').map(segment => `${segment}/`);
  return kept.join('') + (last === '.' ? '' : last);
}

/**
 * `/../` takes the segment before it away. Those that would climb above the root stay in front, or vanish with
 * `full`. Read from the end, as an empty segment counts as one.
 */
export function stripDotDot(path: string, full: boolean): string {
  let result = '';
  let up = 0;
  let end = path.length;
  if (path.endsWith('/..')) {
    up = 1;
    end -= 2;
  }
  // Before each turn, path[end - 1] is the slash that closes a segment, or the last character of the path.
  while (end > 0) {
    if (end >= 4 && path.startsWith('/../', end - 4)) {
      up++;
      end -= 3;
      continue;
    }
    const start = end === 1 ? 0 : path.lastIndexOf('/', end - 2) + 1;
    if (up === 0) result = path.slice(start, end) + result;
    else if (end > 1) up--;
    end = start;
  }
  if (up === 0) return result;
  return `${full ? '' : '/..'.repeat(up)}/${result}`;
}

/** Stable: equal names keep their order. The query comes with its question mark. */
export function sortQuery(query: string): string {
  const params = query.slice(1).split('&');
  // A final separator ends a parameter, it does not begin an empty one.
  if (params.at(-1) === '') params.pop();
  const name = (param: string): string => param.split('=', 1)[0] as string;
  const sorted = params.toSorted((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0));
  return `?${sorted.join('&')}`;
}

const PERCENT = /%([0-9A-Fa-f]{2})?/g;
const UNRESERVED = /[A-Za-z0-9\-._~]/;

/** Rewrites each `%XX`; a `%` that starts none stays, or is wrong with `strict`. */
function mapPercent(text: string, strict: boolean, map: (hex: string) => string): string | undefined {
  let valid = true;
  const result = text.replace(PERCENT, (whole, hex: string | undefined) => {
    if (hex !== undefined) return map(hex);
    valid = false;
    return whole;
  });
  return valid || !strict ? result : undefined;
}

export function percentToUppercase(text: string, strict: boolean): string | undefined {
  return mapPercent(text, strict, hex => `%${hex.toUpperCase()}`);
}

export function percentDecodeUnreserved(text: string, strict: boolean): string | undefined {
  return mapPercent(text, strict, hex => {
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(char) ? char : `%${hex}`;
  });
}

export function fragmentStrip(text: string): string {
  const hash = text.indexOf('#');
  return hash < 0 ? text : text.slice(0, hash);
}

export function fragmentEncode(text: string): string {
  return text.replaceAll('#', '%23');
}
