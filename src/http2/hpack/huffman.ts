/**
 * The Huffman code of texts (RFC 7541, appendix B). It is canonical: codes of one length follow each other in the order
 * of their symbols, so that the lengths say all. Nearly every text is made of codes of at most 12 bits, and a table over
 * the next 12 bits gives one or two symbols at a time; longer codes are found by their length.
 */

/** Bits of the code of each byte; the last is the end of the string (EOS), which no text may contain. */
const LENGTHS = Uint8Array.from(
  [
    [13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28],
    [28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28],
    [6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6],
    [5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10],
    [13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
    [7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
    [15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5],
    [6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28],
    [20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23],
    [24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24],
    [22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23],
    [21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23],
    [26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25],
    [19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27],
    [20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23],
    [26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26],
    [30],
  ].flat(),
);

export const EOS = 256;
const LONGEST = 30;
const WIDTH = 12;
/** All codes longer than WIDTH begin with so many ones. */
const LONG_PREFIX = 8;
/** Padding is shorter than this (RFC 7541, section 5.2). */
const PADDING_END = 8;

/** Symbols in the order of their codes; of each length the first code, how many there are, and where they begin. */
const symbols: number[] = [];
const firstCodes = new Int32Array(LONGEST + 1);
const counts = new Int32Array(LONGEST + 1);
const places = new Int32Array(LONGEST + 1);
/** Code and length in bits of each symbol, as they are sent: most significant bit first. */
export const HUFFMAN_CODES: { readonly code: number; readonly length: number }[] = [];

/**
 * By the next WIDTH bits: symbols in bits 0-7 and 8-15, how many (16-17), the bits of all (18-21) and of the first
 * (22-25). 0: the code is longer.
 */
const table = new Int32Array(1 << WIDTH);

function assignCodes(): void {
  let code = 0;
  for (let length = 1; length <= LONGEST; length++) {
    code <<= 1;
    firstCodes[length] = code;
    places[length] = symbols.length;
    for (let symbol = 0; symbol <= EOS; symbol++) {
      if (LENGTHS[symbol] !== length) continue;
      HUFFMAN_CODES[symbol] = { code, length };
      symbols.push(symbol);
      code++;
    }
    counts[length] = code - (firstCodes[length] as number);
  }
}

/** The length of the code that these bits begin with, 0: they are too few. */
function lengthIn(bits: number, width: number): number {
  for (let length = 1; length <= width; length++)
    if ((bits >>> (width - length)) - (firstCodes[length] as number) < (counts[length] as number))
      return length;
  return 0;
}

function symbolOf(code: number, length: number): number {
  return symbols[(places[length] as number) + code - (firstCodes[length] as number)] as number;
}

function fillTable(): void {
  for (let bits = 0; bits < 1 << WIDTH; bits++) {
    const first = lengthIn(bits, WIDTH);
    if (first === 0) continue;
    const left = WIDTH - first;
    const rest = bits & ((1 << left) - 1);
    const second = lengthIn(rest, left);
    const one = symbolOf(bits >>> left, first);
    const two = second === 0 ? 0 : symbolOf(rest >>> (left - second), second);
    const count = second === 0 ? 1 : 2;
    table[bits] = one | (two << 8) | (count << 16) | ((first + second) << 18) | (first << 22);
  }
}

assignCodes();
fillTable();

/** How long a text of so many bytes of code may become, and what decodeHuffman may write behind it. */
export function longestText(bytes: number): number {
  return Math.floor((bytes * 8) / 5) + 2;
}

/** Writes the text of `source[start..end]` to `out`, which has room for longestText; gives its length, -1: bad code. */
export function decodeHuffman(source: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let at = start;
  let length = 0;
  /** The last `count` bits of it are to be decoded. */
  let bits = 0;
  let count = 0;
  while (true) {
    if (count < WIDTH) {
      if (at + 1 < end) {
        bits = (bits << 16) | ((source[at] as number) << 8) | (source[at + 1] as number);
        at += 2;
        count += 16;
      } else if (at < end) {
        bits = (bits << 8) | (source[at++] as number);
        count += 8;
        if (count < WIDTH) continue;
      } else return decodeRest(bits, count, out, length);
    }
    const entry = table[(bits >>> (count - WIDTH)) & ((1 << WIDTH) - 1)] as number;
    if (entry !== 0) {
      out[length] = entry;
      out[length + 1] = entry >>> 8;
      length += (entry >>> 16) & 3;
      count -= (entry >>> 18) & 15;
      continue;
    }
    count -= LONG_PREFIX;
    while (count <= 24 && at < end) {
      bits = (bits << 8) | (source[at++] as number);
      count += 8;
    }
    const found = longCode(bits, count);
    if (found < 0) return -1;
    out[length++] = found;
    count -= found >>> 8;
  }
}

/** The symbol whose code goes on with these bits, and above it how many of them it takes; -1: none, or EOS. */
function longCode(bits: number, count: number): number {
  for (let more = WIDTH + 1 - LONG_PREFIX; more <= count && more <= LONGEST - LONG_PREFIX; more++) {
    const length = more + LONG_PREFIX;
    const ones = ((1 << LONG_PREFIX) - 1) << more;
    const code = ones | ((bits >>> (count - more)) & ((1 << more) - 1));
    if (code - (firstCodes[length] as number) >= (counts[length] as number)) continue;
    const symbol = symbolOf(code, length);
    return symbol === EOS ? -1 : symbol | (more << 8);
  }
  return -1;
}

/** The last bits, fewer than WIDTH: short codes, then padding. */
function decodeRest(bits: number, bitCount: number, out: Uint8Array, written: number): number {
  let count = bitCount;
  let length = written;
  while (true) {
    const rest = bits & ((1 << count) - 1);
    const missing = WIDTH - count;
    const entry = table[(rest << missing) | ((1 << missing) - 1)] as number;
    const used = entry >>> 22;
    if (entry === 0 || used > count) return count < PADDING_END && rest === (1 << count) - 1 ? length : -1;
    out[length++] = entry;
    count -= used;
  }
}
