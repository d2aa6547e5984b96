/** XXH32 and XXH64 (xxHash specification, version 0.1.1). */

const P32_1 = 0x9e3779b1;
const P32_2 = 0x85ebca77;
const P32_3 = 0xc2b2ae3d;
const P32_4 = 0x27d4eb2f;
const P32_5 = 0x165667b1;

function rotl32(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}

export function xxh32(bytes: Buffer, seed: number): number {
  const length = bytes.length;
  let at = 0;
  let hash: number;
  if (length >= 16) {
    const lanes = [(seed + P32_1 + P32_2) | 0, (seed + P32_2) | 0, seed | 0, (seed - P32_1) | 0];
    for (; at + 16 <= length; at += 16)
      for (let lane = 0; lane < 4; lane++)
        lanes[lane] = round32(lanes[lane] as number, bytes.readInt32LE(at + lane * 4));
    const [a, b, c, d] = lanes as [number, number, number, number];
    hash = (rotl32(a, 1) + rotl32(b, 7) + rotl32(c, 12) + rotl32(d, 18)) | 0;
  } else hash = (seed + P32_5) | 0;
  hash = (hash + length) | 0;
  for (; at + 4 <= length; at += 4)
    hash = Math.imul(rotl32((hash + Math.imul(bytes.readInt32LE(at), P32_3)) | 0, 17), P32_4);
  for (; at < length; at++)
    hash = Math.imul(rotl32((hash + Math.imul(bytes.readUInt8(at), P32_5)) | 0, 11), P32_1);
  hash = Math.imul(hash ^ (hash >>> 15), P32_2);
  hash = Math.imul(hash ^ (hash >>> 13), P32_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function round32(lane: number, input: number): number {
  return Math.imul(rotl32((lane + Math.imul(input, P32_2)) | 0, 13), P32_1);
}

const P64_1 = 0x9e3779b185ebca87n;
const P64_2 = 0xc2b2ae3d27d4eb4fn;
const P64_3 = 0x165667b19e3779f9n;
const P64_4 = 0x85ebca77c2b2ae63n;
const P64_5 = 0x27d4eb2f165667c5n;

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

function rotl64(bits: bigint, by: bigint): bigint {
  return u64((bits << by) | (bits >> (64n - by)));
}

function round64(lane: bigint, input: bigint): bigint {
  return u64(rotl64(u64(lane + input * P64_2), 31n) * P64_1);
}

export function xxh64(bytes: Buffer, seed: bigint): bigint {
  let at = 0;
  let hash: bigint;
  if (bytes.length >= 32) {
    const lanes = [u64(seed + P64_1 + P64_2), u64(seed + P64_2), seed, u64(seed - P64_1)];
    for (; at + 32 <= bytes.length; at += 32)
      for (let lane = 0; lane < 4; lane++)
        lanes[lane] = round64(lanes[lane] as bigint, bytes.readBigUInt64LE(at + lane * 8));
    hash = mergeLanes(lanes);
  } else hash = u64(seed + P64_5);
  return finish64(u64(hash + BigInt(bytes.length)), bytes, at);
}

function mergeLanes(lanes: readonly bigint[]): bigint {
  const [a, b, c, d] = lanes as [bigint, bigint, bigint, bigint];
  let hash = u64(rotl64(a, 1n) + rotl64(b, 7n) + rotl64(c, 12n) + rotl64(d, 18n));
  for (const lane of lanes) hash = u64((hash ^ round64(0n, lane)) * P64_1 + P64_4);
  return hash;
}

function finish64(start: bigint, bytes: Buffer, from: number): bigint {
  let hash = start;
  let at = from;
  for (; at + 8 <= bytes.length; at += 8)
    hash = u64(rotl64(hash ^ round64(0n, bytes.readBigUInt64LE(at)), 27n) * P64_1 + P64_4);
  if (at + 4 <= bytes.length) {
    hash = u64(rotl64(hash ^ u64(BigInt(bytes.readUInt32LE(at)) * P64_1), 23n) * P64_2 + P64_3);
    at += 4;
  }
  for (; at < bytes.length; at++)
    hash = u64(rotl64(hash ^ u64(BigInt(bytes.readUInt8(at)) * P64_5), 11n) * P64_1);
  return avalanche64(hash);
}

/** Final mixing; XXH3 uses it for short inputs too. */
export function avalanche64(start: bigint): bigint {
  let hash = start ^ (start >> 33n);
  hash = u64(hash * P64_2);
  hash ^= hash >> 29n;
  hash = u64(hash * P64_3);
  return hash ^ (hash >> 32n);
}
