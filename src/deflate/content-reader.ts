/**
 * Finds in a block's content what stands there twice (RFC 1951 section 4). Of each hash of four bytes only the last place
 * is known; there are no chains of earlier ones, and no look at whether the next byte would begin a longer match.
 */
import { distanceSymbol, lengthSymbol, LONGEST_MATCH } from './symbols.ts';

/** Bytes of a block: no distance is larger than 32768, which is all that DEFLATE can say. */
export const MOST_CONTENT = 32_768;
const HASH_BITS = 13;
const SHORTEST_MATCH = 4;

function hashOf(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
}

/** Where the equality with what stands `distance` before ends, at `end` at the latest. Four bytes are known to be equal. */
function endOfMatch(words: DataView, from: number, distance: number, end: number): number {
  let at = from + SHORTEST_MATCH;
  for (; at <= end - 4; at += 4) {
    const unequal = words.getInt32(at, true) ^ words.getInt32(at - distance, true);
    if (unequal !== 0) return at + ((31 - Math.clz32(unequal & -unequal)) >>> 3);
  }
  while (at < end && words.getUint8(at) === words.getUint8(at - distance)) at++;
  return at;
}

/**
 * Fills `symbols` with those of `content`, from byte `from` to before `to`; gives their number. There are never more
 * of them than bytes, of which there is one at least and MOST_CONTENT at most.
 */
type ReadContent = (content: Buffer, from: number, to: number, symbols: Int32Array) => number;

/**
 * Made once a thread. A function with memory instead of an object: the memory of the only such function is a constant to V8,
 * which saves a third of the time.
 */
export function contentReader(): ReadContent {
  // hashes are put down of up to two bytes behind the content
  const bytes = new Uint8Array(MOST_CONTENT + 2);
  const words = new DataView(bytes.buffer);
  const places = new Uint16Array(1 << HASH_BITS);
  return (content, from, to, symbols) => {
    content.copy(bytes, 0, from, to);
    const size = to - from;
    const last = size - SHORTEST_MATCH;
    // place 0 is that of hashes that were not seen, too: what is there is compared as everything is
    places.fill(0);
    symbols[0] = bytes[0] as number;
    let count = 1;
    let at = 1;
    while (at <= last) {
      const word = words.getInt32(at, true);
      const hash = hashOf(word);
      const place = places[hash] as number;
      places[hash] = at;
      if (words.getInt32(place, true) !== word) {
        symbols[count++] = word & 255;
        at++;
        continue;
      }
      const end = endOfMatch(words, at, at - place, Math.min(size, at + LONGEST_MATCH));
      symbols[count++] = lengthSymbol(end - at);
      symbols[count++] = distanceSymbol(at - place);
      places[hashOf(words.getInt32(at + 1, true))] = at + 1;
      places[hashOf(words.getInt32(at + 2, true))] = at + 2;
      at = end;
    }
    while (at < size) symbols[count++] = bytes[at++] as number;
    return count;
  };
}
