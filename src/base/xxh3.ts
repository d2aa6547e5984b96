/** XXH3 with 64-bit output and the default secret (xxHash 0.8). */
import { avalanche64 } from './xxhash.ts';

/** The published default secret. */
const SECRET = Buffer.from(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221' +
    'b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8' +
    'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb' +
    '170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
  'hex',
);

const PRIME32_1 = 0x9e3779b1n;
const PRIME32_2 = 0x85ebca77n;
const PRIME32_3 = 0xc2b2ae3dn;
const PRIME64_1 = 0x9e3779b185ebca87n;
const PRIME64_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME64_3 = 0x165667b19e3779f9n;
const PRIME64_4 = 0x85ebca77c2b2ae63n;
const PRIME64_5 = 0x27d4eb2f165667c5n;
const PRIME_MX1 = 0x165667919e3779f9n;
const PRIME_MX2 = 0x9fb21c651e98df25n;

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotl64 = (bits: bigint, by: bigint): bigint => u64((bits << by) | (bits >> (64n - by)));

function swap64(value: bigint): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.readBigUInt64BE();
}

/** 64 × 64 bits multiplied, both halves folded together. */
function mulFold(a: bigint, b: bigint): bigint {
  const product = a * b;
  return u64(product) ^ (product >> 64n);
}

function avalanche3(start: bigint): bigint {
  const hash = u64((start ^ (start >> 37n)) * PRIME_MX1);
  return hash ^ (hash >> 32n);
}

export function xxh3(bytes: Buffer, seed: bigint): bigint {
  const length = bytes.length;
  if (length <= 16) return upTo16(bytes, seed);
  if (length <= 128) return upTo128(bytes, seed);
  if (length <= 240) return upTo240(bytes, seed);
  return long(bytes, seed === 0n ? SECRET : secretOf(seed));
}

const secretAt = (offset: number): bigint => SECRET.readBigUInt64LE(offset);

function upTo16(bytes: Buffer, seed: bigint): bigint {
  const length = bytes.length;
  if (length > 8) return from9to16(bytes, seed);
  if (length >= 4) return from4to8(bytes, seed);
  if (length > 0) return from1to3(bytes, seed);
  return avalanche64(seed ^ secretAt(56) ^ secretAt(64));
}

function from1to3(bytes: Buffer, seed: bigint): bigint {
  const length = bytes.length;
  const first = BigInt(bytes.readUInt8(0));
  const middle = BigInt(bytes.readUInt8(length >> 1));
  const last = BigInt(bytes.readUInt8(length - 1));
  const combined = (first << 16n) | (middle << 24n) | last | (BigInt(length) << 8n);
  const flip = BigInt(SECRET.readUInt32LE(0) ^ SECRET.readUInt32LE(4)) & 0xffffffffn;
  return avalanche64(u64(combined ^ u64(flip + seed)));
}

function from4to8(bytes: Buffer, seed: bigint): bigint {
  const length = bytes.length;
  const low = Number(seed & 0xffffffffn);
  const swapped = Buffer.alloc(4);
  swapped.writeUInt32LE(low);
  const mixedSeed = seed ^ (BigInt(swapped.readUInt32BE()) << 32n);
  const input = BigInt(bytes.readUInt32LE(length - 4)) + (BigInt(bytes.readUInt32LE(0)) << 32n);
  const flip = u64((secretAt(8) ^ secretAt(16)) - mixedSeed);
  let hash = input ^ flip;
  hash ^= rotl64(hash, 49n) ^ rotl64(hash, 24n);
  hash = u64(hash * PRIME_MX2);
  hash ^= u64((hash >> 35n) + BigInt(length));
  hash = u64(hash * PRIME_MX2);
  return hash ^ (hash >> 28n);
}

function from9to16(bytes: Buffer, seed: bigint): bigint {
  const length = bytes.length;
  const low = bytes.readBigUInt64LE(0) ^ u64((secretAt(24) ^ secretAt(32)) + seed);
  const high = bytes.readBigUInt64LE(length - 8) ^ u64((secretAt(40) ^ secretAt(48)) - seed);
  return avalanche3(u64(BigInt(length) + swap64(low) + high + mulFold(low, high)));
}

function mix16(bytes: Buffer, at: number, secretOffset: number, seed: bigint): bigint {
  return mulFold(
    bytes.readBigUInt64LE(at) ^ u64(secretAt(secretOffset) + seed),
    bytes.readBigUInt64LE(at + 8) ^ u64(secretAt(secretOffset + 8) - seed),
  );
}

function upTo128(bytes: Buffer, seed: bigint): bigint {
  const length = bytes.length;
  let hash = u64(BigInt(length) * PRIME64_1);
  for (let pair = Math.floor((length - 1) / 32); pair >= 0; pair--) {
    hash += mix16(bytes, pair * 16, pair * 32, seed);
    hash += mix16(bytes, length - 16 * (pair + 1), pair * 32 + 16, seed);
  }
  return avalanche3(u64(hash));
}

function upTo240(bytes: Buffer, seed: bigint): bigint {
  const length = bytes.length;
  let hash = u64(BigInt(length) * PRIME64_1);
  for (let round = 0; round < 8; round++) hash += mix16(bytes, round * 16, round * 16, seed);
  hash = avalanche3(u64(hash));
  for (let round = 8; round < Math.floor(length / 16); round++)
    hash += mix16(bytes, round * 16, (round - 8) * 16 + 3, seed);
  hash += mix16(bytes, length - 16, 136 - 17, seed);
  return avalanche3(u64(hash));
}

function secretOf(seed: bigint): Buffer {
  const secret = Buffer.from(SECRET);
  for (let at = 0; at < SECRET.length; at += 16) {
    secret.writeBigUInt64LE(u64(secretAt(at) + seed), at);
    secret.writeBigUInt64LE(u64(secretAt(at + 8) - seed), at + 8);
  }
  return secret;
}

const STRIPE = 64;

function accumulate(lanes: bigint[], bytes: Buffer, at: number, secret: Buffer, offset: number): void {
  for (let lane = 0; lane < 8; lane++) {
    const value = bytes.readBigUInt64LE(at + lane * 8);
    const key = value ^ secret.readBigUInt64LE(offset + lane * 8);
    lanes[lane ^ 1] = u64((lanes[lane ^ 1] as bigint) + value);
    lanes[lane] = u64((lanes[lane] as bigint) + (key & 0xffffffffn) * (key >> 32n));
  }
}

function scramble(lanes: bigint[], secret: Buffer): void {
  const offset = secret.length - STRIPE;
  for (let lane = 0; lane < 8; lane++) {
    const value = lanes[lane] as bigint;
    lanes[lane] = u64((value ^ (value >> 47n) ^ secret.readBigUInt64LE(offset + lane * 8)) * PRIME32_1);
  }
}

function long(bytes: Buffer, secret: Buffer): bigint {
  const lanes = [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1];
  const stripesPerBlock = Math.floor((secret.length - STRIPE) / 8);
  const blockLength = STRIPE * stripesPerBlock;
  const blocks = Math.floor((bytes.length - 1) / blockLength);
  for (let block = 0; block < blocks; block++) {
    for (let stripe = 0; stripe < stripesPerBlock; stripe++)
      accumulate(lanes, bytes, block * blockLength + stripe * STRIPE, secret, stripe * 8);
    scramble(lanes, secret);
  }
  const stripes = Math.floor((bytes.length - 1 - blockLength * blocks) / STRIPE);
  for (let stripe = 0; stripe < stripes; stripe++)
    accumulate(lanes, bytes, blocks * blockLength + stripe * STRIPE, secret, stripe * 8);
  accumulate(lanes, bytes, bytes.length - STRIPE, secret, secret.length - STRIPE - 7);
  let hash = u64(BigInt(bytes.length) * PRIME64_1);
  for (let pair = 0; pair < 4; pair++)
    hash += mulFold(
      (lanes[pair * 2] as bigint) ^ secret.readBigUInt64LE(11 + pair * 16),
      (lanes[pair * 2 + 1] as bigint) ^ secret.readBigUInt64LE(11 + pair * 16 + 8),
    );
  return avalanche3(u64(hash));
}
