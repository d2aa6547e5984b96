/**
 * What a block says, before it is known in which codes (RFC 1951 section 3.2.5): bytes, the end, and lengths and
 * distances of matches. Each is one number, its symbol in the low 9 bits and the extra bits that follow its code above.
 * These are constants alone, as both languages of this folder read them.
 */
export const END_OF_BLOCK = 256;
export const FIRST_LENGTH = 257;
/** Of the longest match, which has no extra bits. */
export const LAST_LENGTH = 285;
/** Their symbols begin with 0 in the RFC; here with what no byte and no length has. */
export const FIRST_DISTANCE = 288;
/** Has no bits: stands where nothing is to be written. */
export const NOTHING = 511;
export const SYMBOLS = 512;
export const EXTRA_AT = 9;

export const SHORTEST_LENGTH = 3;
export const LONGEST_MATCH = 258;
/** Bytes of a block: no distance is larger than 32768, which is all that DEFLATE can say. */
export const MOST_CONTENT = 32768;
