/**
 * The hash functions of `hash-type` (manual, section 4.2) over text whose chars are bytes (latin1), from `start`
 * to before `end`. All give an unsigned 32-bit number. They must give what HAProxy gives for the same key, or a
 * fleet that is migrated node by node would send clients elsewhere (test/balancers/placement.test.ts).
 */
export type HashFunction = (text: string, start: number, end: number) => number;

export function hashSdbm(text: string, start: number, end: number): number {
  let hash = 0;
  for (let index = start; index < end; index++) hash = (Math.imul(hash, 65599) + text.charCodeAt(index)) | 0;
  return hash >>> 0;
}

export function hashDjb2(text: string, start: number, end: number): number {
  let hash = 5381;
  for (let index = start; index < end; index++) hash = (Math.imul(hash, 33) + text.charCodeAt(index)) | 0;
  return hash >>> 0;
}

/** Two words that are turned by distances which depend on all that went before. */
export function hashWt6(text: string, start: number, end: number): number {
  let high = 0xa53c965a | 0;
  let low = 0x5ca6953a | 0;
  let turnLow = 6;
  let turnHigh = 18;
  for (let index = start; index < end; index++) {
    const byte = text.charCodeAt(index);
    high = ~(high ^ byte);
    low = ~(low + byte);
    const turned = (low << turnLow) | (low >>> (32 - turnLow));
    low = (high << turnHigh) | (high >>> (32 - turnHigh));
    high = turned;
    const mixed = ((high >>> 16) ^ low) & 0xffff;
    turnLow = mixed & 31;
    turnHigh = mixed >>> 11;
  }
  return (high ^ low) >>> 0;
}

const CRC32_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  return value;
});

/** As Ethernet, gzip and PNG use it. */
export function hashCrc32(text: string, start: number, end: number): number {
  let crc = -1;
  for (let index = start; index < end; index++)
    crc = (crc >>> 8) ^ (CRC32_TABLE[(crc ^ text.charCodeAt(index)) & 255] as number);
  return ~crc >>> 0;
}

const INT64_MAX = 2n ** 63n - 1n;

/** `none`: the key is a decimal number already; its low 32 bits. Out of the range of 64 bits it saturates. */
export function hashNone(text: string, start: number, end: number): number {
  const match = /^([-+]?)(\d+)/.exec(text.slice(start, end));
  if (match === null) return 0;
  const negative = match[1] === '-';
  const digits = match[2] as string;
  if (digits.length < 16) return (negative ? -Number(digits) : Number(digits)) >>> 0;
  const value = BigInt(digits);
  if (negative) return Number(BigInt.asUintN(32, value > INT64_MAX + 1n ? -INT64_MAX - 1n : -value));
  return Number(BigInt.asUintN(32, value > INT64_MAX ? INT64_MAX : value));
}

/**
 * `avalanche`: Bob Jenkins' full avalanche of 32 bits (burtleburtle.net/bob/hash/integer.html), then spread by a
 * prime near three quarters of the range.
 */
export function avalanche(value: number): number {
  let a = value | 0;
  a = (a + 0x7ed55d16 + (a << 12)) | 0;
  a = a ^ 0xc761c23c ^ (a >>> 19);
  a = (a + 0x165667b1 + (a << 5)) | 0;
  a = (a + 0xd3a2646c) ^ (a << 9);
  a = (a + 0xfd7046c5 + (a << 3)) | 0;
  a = a ^ 0xb55a4f09 ^ (a >>> 16);
  return Math.imul(a, 3221225473) >>> 0;
}

const P1 = 0x9e3779b1 | 0;
const P2 = 0x85ebca77 | 0;
const P3 = 0xc2b2ae3d | 0;
const P4 = 0x27d4eb2f | 0;
const P5 = 0x165667b1 | 0;

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

function wordAt(text: string, at: number): number {
  return (
    text.charCodeAt(at) |
    (text.charCodeAt(at + 1) << 8) |
    (text.charCodeAt(at + 2) << 16) |
    (text.charCodeAt(at + 3) << 24)
  );
}

/** XXH32 (xxhash specification, section "XXH32 algorithm") of a text of bytes. */
export function xxh32(text: string, seed: number): number {
  const { length } = text;
  let at = 0;
  let sum = (seed + P5) | 0;
  if (length >= 16) {
    const lanes = [(seed + P1 + P2) | 0, (seed + P2) | 0, seed | 0, (seed - P1) | 0];
    for (; at <= length - 16; at += 16)
      for (let lane = 0; lane < 4; lane++)
        lanes[lane] = xxhRound(lanes[lane] as number, wordAt(text, at + 4 * lane));
    const [a, b, c, d] = lanes as [number, number, number, number];
    sum = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
  }
  sum = (sum + length) | 0;
  for (; at <= length - 4; at += 4)
    sum = Math.imul(rotate((sum + Math.imul(wordAt(text, at), P3)) | 0, 17), P4);
  for (; at < length; at++) sum = Math.imul(rotate((sum + Math.imul(text.charCodeAt(at), P5)) | 0, 11), P1);
  sum = Math.imul(sum ^ (sum >>> 15), P2);
  sum = Math.imul(sum ^ (sum >>> 13), P3);
  return (sum ^ (sum >>> 16)) >>> 0;
}

function xxhRound(lane: number, word: number): number {
  return Math.imul(rotate((lane + Math.imul(word, P2)) | 0, 13), P1);
}
