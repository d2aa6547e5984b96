/** What the grammars of grammar/ answer, before variables are put in and keywords are known. */

/** A line cut into words; a word is joined from its parts. */
export type LineTree = readonly WordTree[];

export interface WordTree {
  /** Where the word starts in the line, from 0. */
  readonly offset: number;
  readonly parts: readonly (string | VariableTree)[];
}

/** `$NAME`, `${NAME-fallback}` or `${NAME[*]}` inside double quotes. */
export interface VariableTree {
  /** Names that start with a dot are pseudo-variables: `.LINE`. */
  readonly name: string;
  readonly offset: number;
  /** `[*]`: the value becomes one word a blank-separated part. */
  readonly spread: boolean;
  readonly fallback: string | undefined;
}

/** The expression of `.if`, `.elif` and `-cc`. */
export type ConditionTree =
  | { readonly kind: 'or' | 'and'; readonly terms: readonly ConditionTree[] }
  | { readonly kind: 'not'; readonly term: ConditionTree }
  | { readonly kind: 'constant'; readonly value: boolean }
  | {
      readonly kind: 'predicate';
      readonly name: string;
      readonly args: readonly string[];
      readonly offset: number;
    };
