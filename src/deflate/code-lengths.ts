/**
 * How long the codes of symbols are: as RFC 1951 fixes them (section 3.2.6), and as they are best for what is served
 * as text. The latter were counted in HTML, scripts, style sheets, JSON, XML and prose of many authors and some languages;
 * a block that uses them has to carry them, in 80 bytes.
 */
export interface CodeLengths {
  /** Of bytes, the end of a block (256) and lengths of matches (257 to 285), at most 12. */
  readonly literals: readonly number[];
  /** Of distances, at most 11. */
  readonly distances: readonly number[];
}

function repeated(length: number, times: number): readonly number[] {
  return Array.from({ length: times }, () => length);
}

export const FIXED_LENGTHS: CodeLengths = {
  literals: [...repeated(8, 144), ...repeated(9, 112), ...repeated(7, 24), ...repeated(8, 8)],
  distances: repeated(5, 30),
};

/** One hexadecimal digit a symbol. */
function digits(text: string): readonly number[] {
  return Array.from(text, digit => Number.parseInt(digit, 16));
}

export const TEXT_LENGTHS: CodeLengths = {
  literals: [
    ...digits('ccccccccca8ccbcccccccccccccccccc'),
    ...digits('596abb9988a97767777777787779878a'),
    ...digits('b898889998aa98999a88899aaaa9a9b9'),
    ...digits('95766577759867556a555688879999cc'),
    ...repeated(12, 64),
    ...repeated(11, 5),
    ...repeated(12, 59),
    ...digits('b'),
    ...digits('b455566767777788889a9aabbbbba'),
  ],
  distances: digits('7999876655454444444444455668aa'),
};

/** Of the codes that the lengths of TEXT_LENGTHS are sent in: those of 4 to 12, and 16, which repeats one. */
export const LENGTHS_OF_TEXT_LENGTHS: readonly number[] = [
  0, 0, 0, 0, 5, 3, 4, 3, 3, 3, 4, 4, 5, 0, 0, 0, 2, 0, 0,
];
