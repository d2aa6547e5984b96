/**
 * Rules as written: which ruleset, which action, its words and condition. Their meaning (argument types,
 * phases) is compiled by rules/, one table row an action.
 */
import type { Position } from './diagnostic.ts';
import type { Condition, Word } from './word.ts';

export type RulesetName =
  | 'tcp-request connection'
  | 'tcp-request session'
  | 'tcp-request content'
  | 'tcp-response content'
  | 'http-request'
  | 'http-response'
  | 'http-after-response';

export interface Rule {
  readonly ruleset: RulesetName;
  readonly position: Position;
  /** Action word without its parenthesised part: `set-var`. */
  readonly action: string;
  /** The parenthesised part, unparsed, without parentheses: `txn.user,ifnotset`. */
  readonly actionArgs?: string;
  readonly args: readonly Word[];
  readonly condition?: Condition;
  /** Comes from a named defaults section: its ACLs are those of that section. */
  readonly fromDefaults?: true;
  /** `capture <sample> len <length>`: the number of its slot, among those of `capture` lines. */
  readonly captureSlot?: number;
}

/** `use_backend <name or log-format> [if|unless ...]`, `use-server <name> ...` */
export interface SwitchRule {
  readonly position: Position;
  readonly target: Word;
  readonly condition?: Condition;
}

/** Rules of the form `<keyword> <args...> [if|unless ...]`: redirect, force-persist, stick on, ... */
export interface PlainRule {
  readonly position: Position;
  /** `redirect`, `force-persist`, `ignore-persist`, `monitor fail`, `stick store-request`, ... */
  readonly keyword: string;
  readonly args: readonly Word[];
  readonly condition?: Condition;
}
