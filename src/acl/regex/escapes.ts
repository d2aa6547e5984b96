/** What PCRE's letters behind a backslash stand for (pcre2pattern(3)). */
import { complement, DIGITS, HORIZONTAL_SPACE, NEWLINE, range, single, SPACE, WORD } from './char-set.ts';
import type { CharSet } from './char-set.ts';
import type { RegexNode } from './node.ts';

export const CLASS_ESCAPES: Readonly<Record<string, CharSet>> = {
  d: DIGITS,
  D: complement(DIGITS),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
  h: HORIZONTAL_SPACE,
  H: complement(HORIZONTAL_SPACE),
  v: range(10, 13) | single(133),
  V: complement(range(10, 13) | single(133)),
  N: complement(NEWLINE),
};

export const CONTROL_ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, e: 27, a: 7 };

export const ASSERTIONS: Readonly<Record<string, 'word' | 'notWord' | 'start' | 'end' | 'veryEnd'>> = {
  b: 'word',
  B: 'notWord',
  A: 'start',
  Z: 'end',
  z: 'veryEnd',
};

/** `\R`: CR LF, or one of the vertical blanks. */
export const NEWLINE_SEQUENCE: RegexNode = {
  kind: 'choice',
  options: [
    { kind: 'sequence', items: [13, 10].map(code => ({ kind: 'set', set: single(code) })) },
    { kind: 'set', set: range(10, 13) | single(133) },
  ],
};
