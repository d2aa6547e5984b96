/**
 * Conditions of set-var (manual, section 4.4): `set-var(txn.a,ifnotset,ifnotempty)`. Variables of the process
 * exist from the moment the configuration names them, all others from their first value on.
 */
import type { Mistake } from './arguments.ts';
import type { SampleContext } from './context.ts';
import { storeOf } from './fetches/variables.ts';
import { Binary } from './sample.ts';
import type { Int, Sample } from './sample.ts';
import type { VariableName, VariableScope } from './variables.ts';

export type StoreCondition = (current: Sample | undefined, value: Sample, scope: VariableScope) => boolean;

const exists: StoreCondition = (current, _value, scope) => scope === 'proc' || current !== undefined;

/** Only text and bytes can be empty. */
function isEmpty(value: Sample): boolean {
  return value === '' || (value instanceof Binary && value.bytes === '');
}

function isInt(value: Sample | undefined): value is Int {
  return typeof value === 'number' || typeof value === 'bigint';
}

const CONDITIONS: ReadonlyMap<string, StoreCondition> = new Map<string, StoreCondition>([
  ['ifexists', exists],
  ['ifnotexists', (current, value, scope) => !exists(current, value, scope)],
  ['ifempty', (_current, value) => isEmpty(value)],
  ['ifnotempty', (_current, value) => !isEmpty(value)],
  ['ifset', current => current !== undefined],
  ['ifnotset', current => current === undefined],
  // without two integers to compare, these two do not count
  ['ifgt', (current, value) => !isInt(current) || !isInt(value) || current > value],
  ['iflt', (current, value) => !isInt(current) || !isInt(value) || current < value],
]);

export function parseStoreConditions(words: readonly string[]): StoreCondition[] | Mistake {
  const conditions: StoreCondition[] = [];
  for (const word of words) {
    const condition = CONDITIONS.get(word);
    if (condition === undefined)
      return {
        error: `invalid condition '${word}'. Possible conditions are: ${[...CONDITIONS.keys()].join(', ')}`,
      };
    conditions.push(condition);
  }
  return conditions;
}

/** Stores a value when all conditions hold. False: they do not, or the scope does not exist. */
export function storeVariable(
  ctx: SampleContext,
  { scope, slot }: VariableName,
  value: Sample,
  conditions: readonly StoreCondition[],
): boolean {
  const store = storeOf(ctx, scope);
  if (store === undefined) return false;
  for (const condition of conditions) if (!condition(store.get(slot), value, scope)) return false;
  store.set(slot, value);
  return true;
}
