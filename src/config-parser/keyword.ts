/**
 * A keyword of a section is one row: the same row drives the parser, docs/keywords.md and the test that every
 * keyword has a golden case.
 */
import type { Word } from '../model/word.ts';
import type { LineContext, SectionKind } from './line-context.ts';

export interface Keyword<Draft> {
  /** One word, or several for families: `timeout client`, `option httplog`, `stats socket`. */
  readonly name: string;
  readonly sections: readonly SectionKind[];
  /** As in the manual: `<name> [<arg> ...]`; shown by errors and docs. */
  readonly args: string;
  /** Fewest and most words after the name. */
  readonly arity: readonly [number, number];
  readonly summary: string;
  /** Accepts `no <keyword>`. */
  readonly negatable?: boolean;
  /** Known but refused: the message says what to use instead. */
  readonly removed?: string;
  readonly deprecated?: string;
  /** Only behind `expose-experimental-directives`. */
  readonly experimental?: boolean;
  /** `words` are those after the name; their number was checked against `arity`. */
  readonly parse: (draft: Draft, words: readonly Word[], context: LineContext) => void;
}
