/** A rule whose words are resolved: a test and an action. */
import type { CompiledCondition } from '../acl/compiled.ts';
import type { Position } from '../model/diagnostic.ts';
import type { Condition } from '../model/word.ts';
import type { Action } from './context.ts';

export interface CompiledRule {
  readonly position: Position;
  /** As `lb explain` shows it: `http-request deny`. */
  readonly title: string;
  /** As written; undefined: the rule always applies. */
  readonly source: Condition | undefined;
  readonly condition: CompiledCondition | undefined;
  readonly action: Action;
}
