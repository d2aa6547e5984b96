/** A regular expression as a tree. Case folding, `.` and classes have already become sets of bytes. */
import type { CharSet } from './char-set.ts';

export type RegexNode =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly options: readonly RegexNode[] }
  | Repeat
  /** `capture` 0: not captured. */
  | { readonly kind: 'group'; readonly body: RegexNode; readonly capture: number }
  | { readonly kind: 'atomic'; readonly body: RegexNode }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'look'; readonly ahead: boolean; readonly negated: boolean; readonly body: RegexNode }
  | { readonly kind: 'back'; readonly capture: number };

export interface Repeat {
  readonly kind: 'repeat';
  readonly body: RegexNode;
  readonly min: number;
  readonly max: number;
  readonly lazy: boolean;
  readonly possessive: boolean;
}

export type Assertion = 'start' | 'end' | 'veryEnd' | 'lineStart' | 'lineEnd' | 'word' | 'notWord';

export interface ParsedRegex {
  readonly root: RegexNode;
  readonly captures: number;
}

export interface RegexMistake {
  readonly error: string;
  readonly offset: number;
}
