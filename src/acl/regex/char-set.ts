/** Sets of bytes, as 256 bits. */
export type CharSet = bigint;

export const NONE: CharSet = 0n;
export const ALL: CharSet = (1n << 256n) - 1n;

export const single = (code: number): CharSet => 1n << BigInt(code);

export function range(from: number, to: number): CharSet {
  return ((1n << BigInt(to - from + 1)) - 1n) << BigInt(from);
}

export const complement = (set: CharSet): CharSet => ALL ^ set;

export const DIGITS = range(48, 57);
const UPPER = range(65, 90);
const LOWER = range(97, 122);
const ALPHA = UPPER | LOWER;
export const WORD = ALPHA | DIGITS | single(95);
/** Blank, tab, newline, vertical tab, form feed, carriage return. */
export const SPACE = range(9, 13) | single(32);
export const HORIZONTAL_SPACE = single(9) | single(32) | single(160);
export const NEWLINE = single(10);

export const POSIX_CLASSES: Readonly<Record<string, CharSet>> = {
  alnum: ALPHA | DIGITS,
  alpha: ALPHA,
  ascii: range(0, 127),
  blank: single(9) | single(32),
  cntrl: range(0, 31) | single(127),
  digit: DIGITS,
  graph: range(33, 126),
  lower: LOWER,
  print: range(32, 126),
  punct: range(33, 47) | range(58, 64) | range(91, 96) | range(123, 126),
  space: SPACE,
  upper: UPPER,
  word: WORD,
  xdigit: DIGITS | range(65, 70) | range(97, 102),
};

/** Adds the other case of ASCII letters. */
export function foldCase(set: CharSet): CharSet {
  return set | ((set & UPPER) << 32n) | ((set & LOWER) >> 32n);
}

/** Runs of members, both ends included. */
export function runsOf(set: CharSet): [number, number][] {
  const runs: [number, number][] = [];
  for (let first = 0; first < 256; first += 32) {
    const word = Number((set >> BigInt(first)) & 0xffff_ffffn);
    if (word !== 0) addRuns(runs, word, first);
  }
  return runs;
}

/** `word`: members from `first` on, as 32 bits. */
function addRuns(runs: [number, number][], word: number, first: number): void {
  for (let bit = 0; bit < 32; bit++) {
    if (((word >>> bit) & 1) === 0) continue;
    const code = first + bit;
    const last = runs.at(-1);
    if (last !== undefined && last[1] === code - 1) last[1] = code;
    else runs.push([code, code]);
  }
}
