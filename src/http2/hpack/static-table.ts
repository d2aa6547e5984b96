/**
 * The static table (RFC 7541, appendix A), and the way back from a name to its first entry. A name's length, first and
 * last letter make a number that no two of these names share, so one comparison says whether a name is one of them.
 */
import { LOWER_TOKEN } from '../../http/char-class.ts';

/** Position is index; 0 is no entry. Without a value: its value is empty. */
const ENTRIES: readonly (readonly [name: string, value?: string])[] = [
  [''],
  [':authority'],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset'],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language'],
  ['accept-ranges'],
  ['accept'],
  ['access-control-allow-origin'],
  ['age'],
  ['allow'],
  ['authorization'],
  ['cache-control'],
  ['content-disposition'],
  ['content-encoding'],
  ['content-language'],
  ['content-length'],
  ['content-location'],
  ['content-range'],
  ['content-type'],
  ['cookie'],
  ['date'],
  ['etag'],
  ['expect'],
  ['expires'],
  ['from'],
  ['host'],
  ['if-match'],
  ['if-modified-since'],
  ['if-none-match'],
  ['if-range'],
  ['if-unmodified-since'],
  ['last-modified'],
  ['link'],
  ['location'],
  ['max-forwards'],
  ['proxy-authenticate'],
  ['proxy-authorization'],
  ['range'],
  ['referer'],
  ['refresh'],
  ['retry-after'],
  ['server'],
  ['set-cookie'],
  ['strict-transport-security'],
  ['transfer-encoding'],
  ['user-agent'],
  ['vary'],
  ['via'],
  ['www-authenticate'],
];

export const STATIC_NAMES: readonly string[] = ENTRIES.map(([name]) => name);
export const STATIC_VALUES: readonly string[] = ENTRIES.map(([, value]) => value ?? '');
/** The last index. */
export const STATIC_COUNT = ENTRIES.length - 1;
/** Pseudo-fields are at the front. */
export const LAST_PSEUDO = STATIC_NAMES.findLastIndex(name => name.startsWith(':'));

/** Their names' bytes, one after the other, and where each begins. */
const nameBytes = Uint8Array.from(STATIC_NAMES.join(''), letter => letter.charCodeAt(0));
const nameStarts = Uint16Array.from(STATIC_NAMES, (_, index) => STATIC_NAMES.slice(0, index).join('').length);

/** The first entry of each name, by its number. */
const firstEntries = new Uint8Array(256);
for (let index = STATIC_COUNT; index > 0; index--) {
  const name = STATIC_NAMES[index] as string;
  firstEntries[numberOf(name.length, name.charCodeAt(0), name.charCodeAt(name.length - 1))] = index;
}

function numberOf(length: number, first: number, last: number): number {
  return (length + first * 10 + last * 4) & 0xff;
}

/** The first entry of that name (in lower case), 0: there is none. */
export function staticIndexOf(name: string): number {
  const { length } = name;
  if (length === 0) return 0;
  const index = firstEntries[numberOf(length, name.charCodeAt(0), name.charCodeAt(length - 1))] as number;
  return STATIC_NAMES[index] === name ? index : 0;
}

/** The same for a name of a head, in whatever case it is. */
export function staticIndexIn(source: Buffer, from: number, to: number): number {
  if (to <= from) return 0;
  const first = LOWER_TOKEN[source[from] as number] as number;
  const last = LOWER_TOKEN[source[to - 1] as number] as number;
  const index = firstEntries[numberOf(to - from, first, last)] as number;
  const length = to - from;
  if ((STATIC_NAMES[index] as string).length !== length) return 0;
  const start = nameStarts[index] as number;
  for (let at = 0; at < length; at++)
    if (LOWER_TOKEN[source[from + at] as number] !== nameBytes[start + at]) return 0;
  return index;
}
