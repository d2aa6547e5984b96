/** One data type behind `store` in a stick-table line: its name, how many elements, over which period. */
import {
  STICK_DATA_TYPES,
  isArray,
  isRate,
  type StickDataType,
  type StickStore,
} from '../../model/stick-table.ts';
import { didYouMean } from '../nearest.ts';
import { parseTime } from '../units.ts';

interface BadStore {
  readonly error: string;
  readonly hint?: string | undefined;
}

/** An array larger than this would not fit the messages that tables are synchronised with. */
const MOST_ELEMENTS = 100;

export function parseStore(text: string): StickStore | BadStore {
  const match = /^([a-z0-9_]+)(?:\((.*)\))?$/.exec(text);
  const name = match?.[1] ?? text.replace(/\(.*/, '');
  const type = STICK_DATA_TYPES.find(known => known === name);
  if (match === null && text.includes('(') && type !== undefined)
    return { error: `missing closing parenthesis after store option '${text}'.` };
  if (match === null || type === undefined)
    return { error: `unknown store option '${name}'`, hint: didYouMean(name, STICK_DATA_TYPES) };
  return withArguments(type, match[2]);
}

function withArguments(type: StickDataType, args: string | undefined): StickStore | BadStore {
  const isList = isArray(type);
  if (!isList && !isRate(type))
    return args === undefined
      ? { type, count: 1, periodMs: 0 }
      : { error: `unexpected argument to store option '${type}(${args})'.` };
  const words = (args ?? '').split(',').map(word => word.trim());
  const count = isList ? Number(words.shift()) : 1;
  if (args === undefined || args === '' || (isRate(type) && (words[0] ?? '') === ''))
    return { error: `missing argument to store option '${type}'.` };
  if (!Number.isInteger(count) || count < 1 || count > MOST_ELEMENTS)
    return {
      error: `array size is out of allowed range (1-${MOST_ELEMENTS}) for store option '${type}'.`,
    };
  if (!isRate(type)) return { type, count, periodMs: 0 };
  const period = parseTime(words[0] as string, 'ms', type);
  if (period.error !== undefined || period.value === 0)
    return { error: `error when processing store option '${type}'.` };
  return { type, count, periodMs: period.value };
}

/** `a,b(1,2),c`: commas within parentheses do not separate. */
export function splitStores(text: string): readonly string[] {
  return text.split(/,(?![^(]*\))/);
}

/** The older names and the arrays that stand for them. */
const ARRAYS = [
  ['gpt', ['gpt0'], 'gpt0'],
  ['gpc', ['gpc0', 'gpc1'], 'gpc[0/1]'],
  ['gpc_rate', ['gpc0_rate', 'gpc1_rate'], 'gpc[0/1]_rate'],
] as const;

/** What stands against storing all of these in one table. */
export function conflictIn(types: ReadonlySet<string>): string | undefined {
  for (const [array, single, shown] of ARRAYS)
    if (types.has(array) && single.some(name => types.has(name)))
      return `simultaneous usage of '${array}' and '${shown}' in a same table is not permitted as '${array}' overrides '${shown}'.`;
  return undefined;
}
