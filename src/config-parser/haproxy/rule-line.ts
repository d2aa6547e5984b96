/**
 * Splits rule lines (manual, section 4.4): action, its part in parentheses, words, condition. Only names are
 * checked here; rules/ compiles what they mean.
 */
import type { Rule, RulesetName } from '../../model/rule.ts';
import type { Condition, Word } from '../../model/word.ts';
import { findCondition, parseCondition } from '../condition.ts';
import type { LineContext } from '../line-context.ts';
import { didYouMean } from '../nearest.ts';
import { actionNames, findRuleAction } from './rule-actions.ts';

interface ActionWord {
  readonly name: string;
  readonly args?: string;
}

/** `set-var(txn.user,ifnotset)` is an action and its arguments; `lua.name` has none. */
function splitAction(text: string): ActionWord {
  const bracket = text.indexOf('(');
  if (bracket < 0) return { name: text };
  const end = text.endsWith(')') ? -1 : undefined;
  return { name: text.slice(0, bracket), args: text.slice(bracket + 1, end) };
}

function reportUnknownAction(ruleset: RulesetName, action: Word, context: LineContext): void {
  const known = actionNames(ruleset);
  const list = known.map(name => `'${name}'`).join(', ');
  const message = `'${ruleset}' expects ${list}, but got '${action.text}'`;
  context.alert(action, message, didYouMean(splitAction(action.text).name, known));
}

/** `lua.<name>` can be any action; rules/ says that there is no Lua. */
function isKnown(name: string, ruleset: RulesetName): boolean {
  if (name.startsWith('lua.')) return !ruleset.endsWith('connection') && !ruleset.endsWith('session');
  return findRuleAction(name, ruleset) !== undefined;
}

interface SplitWords {
  readonly args: readonly Word[];
  readonly condition?: Condition;
}

/** Cuts `if` / `unless` off; the first `fixed` words are never taken for one. Undefined after an error. */
export function splitCondition(
  words: readonly Word[],
  fixed: number,
  what: string,
  context: LineContext,
): SplitWords | undefined {
  const skip = Math.min(fixed, words.length);
  const start = skip + findCondition(words.slice(skip));
  const args = words.slice(0, start);
  if (start >= words.length) return { args };
  const condition = parseCondition(words.slice(start), context, what);
  return condition && { args, condition };
}

/** `words`: action first. Undefined after an error. */
export function readRule(
  ruleset: RulesetName,
  words: readonly Word[],
  context: LineContext,
): Rule | undefined {
  const action = words[0];
  if (action === undefined) {
    const list = actionNames(ruleset)
      .map(name => `'${name}'`)
      .join(', ');
    context.alert(context.position, `'${ruleset}' expects ${list}.`);
    return undefined;
  }
  const { name, args } = splitAction(action.text);
  if (!isKnown(name, ruleset)) {
    reportUnknownAction(ruleset, action, context);
    return undefined;
  }
  const known = findRuleAction(name, ruleset);
  if (known?.experimental === true) context.useExperimental();
  const fixed = known?.fixedWords ?? 0;
  const split = splitCondition(words.slice(1), fixed, `an '${ruleset} ${name}' condition`, context);
  if (split === undefined) return undefined;
  const { position } = action;
  const { condition } = split;
  const rule: Rule =
    condition === undefined
      ? { ruleset, position, action: name, args: split.args }
      : { ruleset, position, action: name, args: split.args, condition };
  return args === undefined ? rule : { ...rule, actionArgs: args };
}
