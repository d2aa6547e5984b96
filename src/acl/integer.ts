/** Signed 64-bit integers as HAProxy computes them: exact numbers up to 2^53, bigints beyond. */
import type { Int } from './sample.ts';

export const INT_MAX = 2n ** 63n - 1n;
export const INT_MIN = -(2n ** 63n);

/** A number when exact, else the bigint. */
export function normalInt(value: bigint): Int {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;
}

/** Saturates at the bounds of 64 bits. */
export function clampInt(value: bigint): Int {
  if (value > INT_MAX) return INT_MAX;
  return value < INT_MIN ? INT_MIN : normalInt(value);
}

/** Wraps to 64 bits. */
export function wrapInt(value: bigint): Int {
  return normalInt(BigInt.asIntN(64, value));
}

/** Leading sign and digits, what follows is ignored, 0 when there are none; saturates. */
export function parseLeadingInt(text: string): Int {
  let index = 0;
  const negative = text.charCodeAt(0) === 45;
  if (negative || text.charCodeAt(0) === 43) index = 1;
  let value = 0;
  const start = index;
  for (; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  if (value > Number.MAX_SAFE_INTEGER) {
    const big = BigInt(text.slice(start, index));
    return clampInt(negative ? -big : big);
  }
  return negative && value !== 0 ? -value : value;
}

/** A whole number and nothing else; undefined otherwise. */
export function parseWholeInt(text: string): Int | undefined {
  return /^[-+]?[0-9]+$/.test(text) ? parseLeadingInt(text) : undefined;
}

/** Eight bytes, most significant first. */
export function intToBytes(value: Int): string {
  const bits = BigInt.asUintN(64, BigInt(value));
  let bytes = '';
  for (let shift = 56n; shift >= 0n; shift -= 8n)
    bytes += String.fromCharCode(Number((bits >> shift) & 255n));
  return bytes;
}

/** Low 32 bits, unsigned. */
export function lowWord(value: Int): number {
  return typeof value === 'number' && value >= 0 && value <= 0xffffffff
    ? value
    : Number(BigInt.asUintN(32, BigInt(value)));
}
