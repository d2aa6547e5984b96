/** A word of a configuration line, quotes and variables already resolved. */
import type { Position } from './diagnostic.ts';

export interface Word {
  readonly text: string;
  readonly position: Position;
}

/** `if` / `unless` of a rule: an OR of ANDs of terms, as written. */
export interface Condition {
  readonly kind: 'if' | 'unless';
  readonly position: Position;
  /** Where it stands, as messages say it: `an 'http-request deny' condition`. */
  readonly what?: string;
  readonly alternatives: readonly (readonly Term[])[];
}

/** One term: a named ACL, or an anonymous one between braces (then `words` is its content, fetch first). */
export interface Term {
  readonly negated: boolean;
  readonly position: Position;
  readonly name?: string;
  readonly words?: readonly Word[];
}

/** `acl <name> <criterion> [flags] [operator] <values>...` */
export interface AclLine {
  readonly name: string;
  readonly position: Position;
  /** Criterion first. */
  readonly words: readonly Word[];
}
