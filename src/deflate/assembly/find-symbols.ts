/**
 * Finds in a block's content what stands there twice (RFC 1951 section 4). Of each hash of five bytes only the last place
 * is known; there are no chains of earlier ones, and no look at whether the next byte would begin a longer match.
 */
import { END_OF_BLOCK, LONGEST_MATCH, NOTHING } from '../symbols';
import { CONTENT, HASH_BITS, PLACES, SYMBOLS_OF_CONTENT } from './areas';
import { distanceSymbol, lengthSymbol } from './match-symbols';

const WORD: u32 = 8;
/** Four bytes would be found far more often, for nothing: a match of four is hardly shorter to tell than its bytes. */
const SHORTEST_MATCH: u32 = 5;
/** Moves what is behind the shortest match out of a word. */
const BEHIND: u64 = 64 - 8 * 5;

function hashOf(word: u64): u32 {
  return <u32>(((word << BEHIND) * 0x9e37_79b1_85eb_ca87) >>> (64 - HASH_BITS));
}

function wordAt(at: u32): u64 {
  return load<u64>(CONTENT + at);
}

/** Puts `at` down as the last place of what begins there; gives the place before. */
function exchangePlace(word: u64, at: u32): u32 {
  const place = PLACES + (hashOf(word) << 1);
  const before = load<u16>(place);
  store<u16>(place, <u16>at);
  return before;
}

/** Where the equality with what stands `distance` before ends, at `end` at the latest. */
function endOfMatch(from: u32, distance: u32, end: u32): u32 {
  let at = from + SHORTEST_MATCH;
  while (at < end) {
    const unequal = wordAt(at) ^ wordAt(at - distance);
    if (unequal != 0) return min(at + <u32>(ctz(unequal) >>> 3), end);
    at += WORD;
  }
  return end;
}

/**
 * Fills SYMBOLS_OF_CONTENT with those of the first `size` bytes of CONTENT, 1 to MOST_CONTENT, and with their end. Gives the
 * number of symbols before the end.
 */
export function findSymbols(size: u32): u32 {
  // place 0 is that of hashes that were not seen, too: what is there is compared as everything is
  memory.fill(PLACES, 0, 2 << HASH_BITS);
  store<u32>(SYMBOLS_OF_CONTENT, load<u8>(CONTENT));
  let symbol = SYMBOLS_OF_CONTENT + 4;
  let at: u32 = 1;
  while (at + WORD <= size) {
    const word = wordAt(at);
    const place = exchangePlace(word, at);
    if ((wordAt(place) ^ word) << BEHIND != 0) {
      store<u32>(symbol, <u32>(word & 255));
      symbol += 4;
      at++;
      continue;
    }
    const end = endOfMatch(at, at - place, min(size, at + LONGEST_MATCH));
    store<u32>(symbol, lengthSymbol(end - at));
    store<u32>(symbol, distanceSymbol(at - place), 4);
    symbol += 8;
    exchangePlace(wordAt(at + 1), at + 1);
    exchangePlace(wordAt(at + 2), at + 2);
    at = end;
  }
  for (; at < size; at++) {
    store<u32>(symbol, load<u8>(CONTENT + at));
    symbol += 4;
  }
  store<u32>(symbol, END_OF_BLOCK);
  store<u32>(symbol, NOTHING, 4);
  return <u32>((symbol - SYMBOLS_OF_CONTENT) >>> 2);
}
