/** Integers of a block (RFC 7541, section 5.1): the low bits of a byte, and seven of each that follows. */

/** What is read, and where. */
export interface Cursor {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;
}

/** After four bytes the number has 28 bits: nothing here is as large, so more is refused. */
const MOST_SHIFT = 21;

/** `mask`: the bits of the first byte that belong to it. Gives -1 for one that is cut short or too large. */
export function readInteger(cursor: Cursor, mask: number): number {
  if (cursor.at >= cursor.end) return -1;
  const small = (cursor.bytes[cursor.at++] as number) & mask;
  return small < mask ? small : readLong(cursor, mask);
}

function readLong(cursor: Cursor, mask: number): number {
  let value = mask;
  for (let shift = 0; shift <= MOST_SHIFT; shift += 7) {
    if (cursor.at >= cursor.end) return -1;
    const byte = cursor.bytes[cursor.at++] as number;
    value += (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return -1;
}

/** The most bytes that writeInteger takes. */
export const LONGEST_INTEGER = 6;

/** `pattern`: the bits of the first byte that do not belong to it. Gives where it ends. */
export function writeInteger(
  out: Uint8Array,
  at: number,
  pattern: number,
  mask: number,
  value: number,
): number {
  if (value < mask) {
    out[at] = pattern | value;
    return at + 1;
  }
  out[at] = pattern | mask;
  let end = at + 1;
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) out[end++] = 0x80 | (rest & 0x7f);
  out[end] = rest;
  return end + 1;
}
