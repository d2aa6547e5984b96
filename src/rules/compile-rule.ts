/** Compiles one rule: finds its action, hands it the words, and reports what is left over. */
import { compileCondition } from '../acl/condition.ts';
import { readsRequest } from '../acl/phase.ts';
import type { Rule } from '../model/rule.ts';
import { findAction, findUnsupported } from './action-table.ts';
import type { Action, CompiledRule } from './context.ts';
import type { RuleEnvironment } from './environment.ts';
import { RuleLine, type RuleKind, type RuleSource } from './rule-line.ts';

/** Undefined: an error was reported, or the action is not supported and the rule left out. */
export function compileRule(
  rule: Rule,
  followedBy: Rule | undefined,
  phases: number,
  env: RuleEnvironment,
): CompiledRule | undefined {
  const definition = findAction(rule.action, rule.ruleset);
  if (definition === undefined) return reportUnknown(rule, env);
  if (definition.experimental === true && !env.experimental) return reportExperimental(rule, env);
  const { ruleset: kind, position, action, actionArgs, args, condition, fromDefaults, captureSlot } = rule;
  // field by field: with a spread it costs several times as much, and there may be thousands of rules
  const source: RuleSource = {
    kind,
    position,
    action,
    actionArgs,
    args,
    fromDefaults,
    captureSlot,
    followedBy,
  };
  return compileWith(definition.compile, source, condition, phases, env);
}

/** Condition first errors aside: both are compiled, so that all mistakes of a line show at once. */
export function compileWith(
  compileAction: (line: RuleLine) => Action | undefined,
  source: RuleSource,
  condition: Rule['condition'],
  phases: number,
  env: RuleEnvironment,
): CompiledRule | undefined {
  const line = new RuleLine(source, phases, env);
  const action = compileAction(line);
  const complete = action !== undefined && !reportLeftOver(line, env);
  const test = condition === undefined ? undefined : compileCondition(condition, phases, env);
  if (!complete || (condition !== undefined && test === undefined)) return undefined;
  return {
    position: source.position,
    title: titleOf(source),
    args: source.args,
    source: condition,
    section: env.section,
    phases,
    condition: test,
    action,
    readsRequest: line.readsRequest || (test !== undefined && readsRequest(test.phases)),
  };
}

function titleOf({ kind, action, actionArgs }: RuleSource): string {
  if (kind === 'redirect') return kind;
  return actionArgs === undefined ? `${kind} ${action}` : `${kind} ${action}(${actionArgs})`;
}

function reportLeftOver(line: RuleLine, env: RuleEnvironment): boolean {
  if (line.left === 0) return false;
  const name = leftOverName(line.kind, line.action);
  const found = `but found '${line.next}'`;
  const message = `'${name}' expects either 'if' or 'unless' followed by a condition ${found}.`;
  env.report({ severity: 'alert', position: line.source.position, message });
  return true;
}

function leftOverName(kind: RuleKind, action: string): string {
  return kind === 'redirect' ? kind : `${kind} ${action}`;
}

function reportUnknown(rule: Rule, env: RuleEnvironment): undefined {
  const unsupported = findUnsupported(rule.action, rule.ruleset);
  const name = `'${rule.ruleset} ${rule.action}'`;
  const { position } = rule;
  if (unsupported === undefined)
    env.report({ severity: 'alert', position, message: `${name}: unknown action.` });
  else {
    const message = `${name} is not supported yet (it needs ${unsupported.needs}): the rule is ignored.`;
    env.report({ severity: 'warning', position, message });
  }
  return undefined;
}

function reportExperimental(rule: Rule, env: RuleEnvironment): undefined {
  const must = "must be allowed via a global 'expose-experimental-directives'";
  const message = `'${rule.action}' action is experimental, ${must}`;
  env.report({ severity: 'alert', position: rule.position, message });
  return undefined;
}
