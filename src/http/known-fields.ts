/**
 * The fields framing, connection, host and cache rules look at, recognised while names are scanned: names are hashed
 * byte by byte, and a small table says which hash may be one of them. A hash is a hint; whoever acts on it
 * compares the name.
 */
import { LOWER_TOKEN } from './char-class.ts';

export const HOST = 1;
export const CONTENT_LENGTH = 2;
export const TRANSFER_ENCODING = 3;
export const CONNECTION = 4;
export const UPGRADE = 5;
export const TE = 6;
export const KEEP_ALIVE = 7;
export const PROXY_CONNECTION = 8;
export const AUTHORIZATION = 9;
export const CACHE_CONTROL = 10;
export const PRAGMA = 11;
export const IF_NONE_MATCH = 12;
export const IF_MODIFIED_SINCE = 13;

/** Their names, by number. */
export const KNOWN_FIELDS: readonly string[] = [
  '',
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'te',
  'keep-alive',
  'proxy-connection',
  'authorization',
  'cache-control',
  'pragma',
  'if-none-match',
  'if-modified-since',
];

/** What the scanner computes: over the bytes of a name in lower case, from 0. */
export function hashName(name: string): number {
  let hash = 0;
  for (let index = 0; index < name.length; index++)
    hash = ((hash << 5) - hash + (LOWER_TOKEN[name.charCodeAt(index) & 0xff] as number)) | 0;
  return hash;
}

const KNOWN_HASHES = Int32Array.from(KNOWN_FIELDS, hashName);

/** Their bytes, one after the other, and where each begins: the last entry is where they end. */
const nameBytes = Uint8Array.from(KNOWN_FIELDS.join(''), letter => letter.charCodeAt(0));
const nameStarts = Uint8Array.from(
  [...KNOWN_FIELDS, ''].map((_, number) => KNOWN_FIELDS.slice(0, number).join('').length),
);

/** The known field that `buffer[start..end]` names, 0 for all others. `hash`: of that name. */
export function knownFieldIn(buffer: Buffer, start: number, end: number, hash: number): number {
  const known = knownField(hash);
  if (known === 0) return 0;
  const first = nameStarts[known] as number;
  const length = end - start;
  if (length !== (nameStarts[known + 1] as number) - first) return 0;
  for (let at = 0; at < length; at++)
    if (LOWER_TOKEN[buffer[start + at] as number] !== nameBytes[first + at]) return 0;
  return known;
}

const SLOTS = 128;
const numbers = new Uint8Array(SLOTS);
const hashes = new Int32Array(SLOTS);

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 11)) & (SLOTS - 1);
}

for (let number = HOST; number < KNOWN_FIELDS.length; number++) {
  const hash = KNOWN_HASHES[number] as number;
  if (numbers[slotOf(hash)] !== 0) throw new Error('two known fields share a slot: change slotOf()');
  numbers[slotOf(hash)] = number;
  hashes[slotOf(hash)] = hash;
}

/** The known field a name with that hash probably is, or 0. */
export function knownField(hash: number): number {
  const slot = slotOf(hash);
  return hashes[slot] === hash ? (numbers[slot] as number) : 0;
}
