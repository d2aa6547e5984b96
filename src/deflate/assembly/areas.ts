/** The memory of the module: what goes in, what comes out, and what lies between. */
import { LONGEST_MATCH, MOST_CONTENT, SYMBOLS } from '../symbols';

export const HASH_BITS: u32 = 13;
/** Bytes may be read, or written, behind the last one that counts. */
const WORD = 8;
/** A code has 12 bits at most where a byte has one, and fewer where a match stands for several. */
const MOST_OUTPUT = (MOST_CONTENT * 12) / 8 + 256;

export const CONTENT = memory.data(MOST_CONTENT + WORD, 8);
/** Of each hash: where it was seen last, in two bytes. */
export const PLACES = memory.data(2 << HASH_BITS, 8);
/** Those of the content, its end, and one that says nothing. */
export const SYMBOLS_OF_CONTENT = memory.data((MOST_CONTENT + 2) << 2, 8);
/** Of each length of a match: its symbol. */
export const LENGTHS = memory.data((LONGEST_MATCH + 1) << 2, 8);
/** Of each symbol: its code, from bit 16 on the code's length, from bit 24 on that with the extra bits. */
export const CODES = memory.data(SYMBOLS << 2, 8);
export const OUTPUT = memory.data(MOST_OUTPUT, 8);
