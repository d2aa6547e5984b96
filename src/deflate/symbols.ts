/**
 * What a block says, before it is known in which codes (RFC 1951 section 3.2.5): bytes, the end, and lengths and
 * distances of matches. Each is one number, its symbol in the low 9 bits and the extra bits that follow its code above.
 */
export const END_OF_BLOCK = 256;
const FIRST_LENGTH = 257;
const LONGEST = 285;
/** Their symbols begin with 0 in the RFC; here with what no byte and no length has. */
export const FIRST_DISTANCE = 288;
export const SYMBOLS = 512;
export const EXTRA_AT = 9;

export const LONGEST_MATCH = 258;

/** Of 3 to 258 bytes: from eight above the shortest on there are four symbols for each power of two. */
export function lengthSymbol(length: number): number {
  if (length === LONGEST_MATCH) return LONGEST;
  const above = length - 3;
  if (above < 8) return FIRST_LENGTH + above;
  const bits = 29 - Math.clz32(above);
  return (FIRST_LENGTH + (bits << 2) + (above >>> bits)) | ((above & ((1 << bits) - 1)) << EXTRA_AT);
}

/** Of 1 to 32768 bytes: from two above the shortest on there are two symbols for each power of two. */
export function distanceSymbol(distance: number): number {
  const above = distance - 1;
  if (above < 2) return FIRST_DISTANCE + above;
  const bits = 30 - Math.clz32(above);
  return (FIRST_DISTANCE + (bits << 1) + (above >>> bits)) | ((above & ((1 << bits) - 1)) << EXTRA_AT);
}

/** How many follow the code of a symbol. */
export function extraBits(symbol: number): number {
  if (symbol >= FIRST_DISTANCE) return Math.max(0, (symbol - FIRST_DISTANCE - 2) >> 1);
  return symbol === LONGEST ? 0 : Math.max(0, (symbol - FIRST_LENGTH - 4) >> 2);
}
