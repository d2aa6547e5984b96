/** set-var, set-var-fmt and unset-var (manual, sections 2.8 and 4.4). */
import { storeOf } from '../../acl/fetches/variables.ts';
import { isMistake } from '../../acl/arguments.ts';
import type { Sample } from '../../acl/sample.ts';
import { parseStoreConditions, storeVariable, type StoreCondition } from '../../acl/store-conditions.ts';
import type { VariableName } from '../../acl/variables.ts';
import { EVERYWHERE, type ActionDefinition } from '../action-definition.ts';
import type { Action, RuleContext } from '../context.ts';
import type { RuleLine } from '../rule-line.ts';
import { CONTINUE } from '../verdict.ts';

interface Target {
  readonly variable: VariableName;
  readonly conditions: readonly StoreCondition[];
}

const SHAPE = "'set-var(<var-name>)', 'set-var-fmt(<var-name>)' or 'unset-var(<var-name>)'";

function parseTarget(line: RuleLine): Target | undefined {
  const { actionArgs } = line.source;
  if (actionArgs === undefined)
    return line.error(`invalid or incomplete action '${line.action}'. Expects ${SHAPE}`);
  const [name = '', ...conditions] = actionArgs.split(',');
  const variable = line.env.variables.resolve(name.trim());
  if (typeof variable === 'string') return line.error(variable);
  const parsed = parseStoreConditions(conditions.map(condition => condition.trim()));
  return isMistake(parsed) ? line.error(parsed.error) : { variable, conditions: parsed };
}

function storing({ variable, conditions }: Target, read: (ctx: RuleContext) => Sample | undefined): Action {
  return ctx => {
    const value = read(ctx);
    if (value !== undefined) storeVariable(ctx, variable, value, conditions);
    return CONTINUE;
  };
}

function compileSetVar(line: RuleLine): Action | undefined {
  const target = parseTarget(line);
  const expression = target && line.takeExpression();
  return target && expression && storing(target, expression.sample);
}

function compileSetVarFmt(line: RuleLine): Action | undefined {
  const target = parseTarget(line);
  const format = target && line.takeFormat('plain');
  return target && format && storing(target, format.render);
}

function compileUnsetVar(line: RuleLine): Action | undefined {
  const target = parseTarget(line);
  if (target === undefined) return undefined;
  if (target.conditions.length > 0)
    return line.error(
      'unset-var does not expect parameters after the variable name. Only "set-var" and "set-var-fmt" manage conditions',
    );
  const { scope, slot } = target.variable;
  return ctx => {
    storeOf(ctx, scope)?.unset(slot);
    return CONTINUE;
  };
}

const TARGET_ARGS = '(<var-name>[,<cond>...])';

export const VARIABLE_ACTIONS: readonly ActionDefinition[] = [
  { name: 'set-var', rulesets: EVERYWHERE, args: `${TARGET_ARGS} <expr>`, compile: compileSetVar },
  { name: 'set-var-fmt', rulesets: EVERYWHERE, args: `${TARGET_ARGS} <fmt>`, compile: compileSetVarFmt },
  { name: 'unset-var', rulesets: EVERYWHERE, args: '(<var-name>)', compile: compileUnsetVar },
];
