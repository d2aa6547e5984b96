/** set-var, set-var-fmt and unset-var (manual, sections 2.8 and 4.4). */
import { storeOf } from '../../acl/fetches/variables.ts';
import { Binary, type Sample } from '../../acl/sample.ts';
import type { VariableName } from '../../acl/variables.ts';
import { EVERYWHERE, type ActionDefinition } from '../action-definition.ts';
import type { Action, RuleContext } from '../context.ts';
import type { RuleLine } from '../rule-line.ts';
import { CONTINUE } from '../verdict.ts';

/** May the new value take the place of the current one? */
type Guard = (current: Sample | undefined, value: Sample) => boolean;

/** Length of text and bytes; other values have none and are never empty. */
function lengthOf(value: Sample): number | undefined {
  if (typeof value === 'string') return value.length;
  return value instanceof Binary ? value.bytes.length : undefined;
}

function bothIntegers(
  current: Sample | undefined,
  value: Sample,
  test: (a: bigint, b: bigint) => boolean,
): boolean {
  const isInteger = (sample: Sample | undefined): sample is number | bigint =>
    typeof sample === 'number' || typeof sample === 'bigint';
  return !isInteger(current) || !isInteger(value) || test(BigInt(current), BigInt(value));
}

/** `ifexists` and `ifnotexists` ask for the variable, `ifset` and `ifnotset` for its value: only `proc` tells them apart. */
function guardsOf(scope: VariableName['scope']): ReadonlyMap<string, Guard> {
  const exists: Guard = scope === 'proc' ? () => true : current => current !== undefined;
  return new Map<string, Guard>([
    ['ifexists', exists],
    ['ifnotexists', (current, value) => !exists(current, value)],
    ['ifempty', (_, value) => lengthOf(value) === 0],
    ['ifnotempty', (_, value) => lengthOf(value) !== 0],
    ['ifset', current => current !== undefined],
    ['ifnotset', current => current === undefined],
    ['ifgt', (current, value) => bothIntegers(current, value, (a, b) => a > b)],
    ['iflt', (current, value) => bothIntegers(current, value, (a, b) => a < b)],
  ]);
}

interface Target {
  readonly variable: VariableName;
  readonly guards: readonly Guard[];
}

const SHAPE = "'set-var(<var-name>)', 'set-var-fmt(<var-name>)' or 'unset-var(<var-name>)'";

function parseTarget(line: RuleLine): Target | undefined {
  const { actionArgs } = line.source;
  if (actionArgs === undefined)
    return line.error(`invalid or incomplete action '${line.action}'. Expects ${SHAPE}`);
  const [name = '', ...conditions] = actionArgs.split(',');
  const variable = line.env.variables.resolve(name.trim());
  if (typeof variable === 'string') return line.error(variable);
  const known = guardsOf(variable.scope);
  const guards: Guard[] = [];
  for (const condition of conditions) {
    const guard = known.get(condition.trim());
    if (guard === undefined)
      return line.error(`invalid condition flag '${condition.trim()}' for variable '${name}'`);
    guards.push(guard);
  }
  return { variable, guards };
}

function storing({ variable, guards }: Target, read: (ctx: RuleContext) => Sample | undefined): Action {
  const { scope, slot } = variable;
  return ctx => {
    const value = read(ctx);
    const store = value === undefined ? undefined : storeOf(ctx, scope);
    if (value === undefined || store === undefined) return CONTINUE;
    for (const guard of guards) if (!guard(store.get(slot), value)) return CONTINUE;
    store.set(slot, value);
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
  const format = target && line.takeFormat();
  return target && format && storing(target, format.render);
}

function compileUnsetVar(line: RuleLine): Action | undefined {
  const target = parseTarget(line);
  if (target === undefined) return undefined;
  if (target.guards.length > 0)
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
