/**
 * Log formats, sample expressions and regular expressions in check rules: compiled by who knows samples (the control
 * thread hands this in), used by rules as closures. Mistakes were reported where undefined is answered.
 */
import type { Position } from '../model/diagnostic.ts';
import type { Word } from '../model/word.ts';
import type { CheckFacts } from './check-facts.ts';

export interface CheckExpressions {
  /** A log-format string, latin1. */
  format(word: Word): ((facts: CheckFacts) => string) | undefined;
  /** The number a sample gives. */
  integer(word: Word): ((facts: CheckFacts) => number | undefined) | undefined;
  /** `set-var(...)`, `set-var-fmt(...)`, `unset-var(...)` with what follows. */
  variable(rule: readonly Word[]): ((facts: CheckFacts) => void) | undefined;
  regex(word: Word, ignoreCase?: boolean): ((text: string) => boolean) | undefined;
  /** What CheckFacts keeps as `scope`, new for each run. */
  newScope(): object;
  report(severity: 'alert' | 'warning', position: Position, message: string): void;
}
