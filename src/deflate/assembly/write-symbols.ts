/** Writes the codes of symbols behind each other. */
import { EXTRA_AT, SYMBOLS } from '../symbols';
import { CODES, OUTPUT, SYMBOLS_OF_CONTENT } from './areas';

function codeOf(symbol: u32): u32 {
  return load<u32>(CODES + ((symbol & (SYMBOLS - 1)) << 2));
}

/** With the extra bits behind it. */
function bitsOf(symbol: u32, code: u32): u64 {
  return (code & 0xffff) | ((symbol >>> EXTRA_AT) << ((code >>> 16) & 31));
}

/**
 * Writes the first `count` of SYMBOLS_OF_CONTENT and what ends them, behind `start` whole bytes of OUTPUT and `held` bits, which
 * are those of `first`. Gives where it ends, in bits. Those up to the next byte, and the byte behind that, are zeros.
 *
 * Two symbols at once, as 7 bits and two of 24 fit into a word. There is no branch in the loop: where a byte ends cannot be
 * foreseen.
 */
export function writeSymbols(count: u32, start: u32, first: u32, held: u32): u32 {
  let at = OUTPUT + start;
  let queue: u64 = first;
  let bits: u64 = held;
  const last = SYMBOLS_OF_CONTENT + (count << 2);
  for (let from = SYMBOLS_OF_CONTENT; from <= last; from += 8) {
    const one = load<u32>(from);
    const two = load<u32>(from, 4);
    const codeOfOne = codeOf(one);
    const codeOfTwo = codeOf(two);
    queue |= bitsOf(one, codeOfOne) << bits;
    bits += codeOfOne >>> 24;
    queue |= bitsOf(two, codeOfTwo) << bits;
    bits += codeOfTwo >>> 24;
    store<u64>(at, queue);
    at += <usize>(bits >>> 3);
    queue >>= bits & 56;
    bits &= 7;
  }
  return ((<u32>(at - OUTPUT)) << 3) + <u32>bits;
}
