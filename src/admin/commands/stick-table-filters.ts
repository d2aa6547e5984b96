/** What `show table` and `clear table` are asked for: `data.<type>[<index>] <operator> <value>`, up to four. */
import { STICK_DATA_TYPES, isArray, isRate, type StickDataType } from '../../model/stick-table.ts';
import type { StoredAt } from '../../state/stick-table/layout.ts';
import type { StickTable } from '../../state/stick-table/stick-table.ts';
import type { Words } from '../command.ts';

const MOST_FILTERS = 4;

type Operator = 'eq' | 'ne' | 'le' | 'ge' | 'lt' | 'gt';

const OPERATORS: Readonly<Record<Operator, (data: number, value: number) => boolean>> = {
  eq: (data, value) => data === value,
  ne: (data, value) => data !== value,
  le: (data, value) => data <= value,
  ge: (data, value) => data >= value,
  lt: (data, value) => data < value,
  gt: (data, value) => data > value,
};

export interface Filter {
  readonly place: StoredAt;
  readonly index: number;
  readonly operator: Operator;
  readonly value: number;
}

interface Element {
  /** Undefined: not stored in the table. */
  readonly place: StoredAt | undefined;
  readonly index: number;
}

/** `data.gpc0`, `data.gpt[2]`; undefined: there is no such type. */
export function elementNamed(text: string, table: StickTable): Element | undefined {
  const match = /^data\.([a-z0-9_]+)(?:\[(\d+)\])?$/.exec(text);
  const type = STICK_DATA_TYPES.find((name): name is StickDataType => name === match?.[1]);
  if (match === null || type === undefined || (match[2] !== undefined && !isArray(type))) return undefined;
  return { place: table.place(type), index: Number(match[2] ?? 0) };
}

/** Undefined: behind the end of its array. */
export function readElement({
  place,
  index,
}: Element): { readonly place: StoredAt; readonly index: number } | undefined {
  return place === undefined || index >= place.count ? undefined : { place, index };
}

/** A text says what is wrong. */
export function readFilters(args: Words, table: StickTable): readonly Filter[] | string {
  const filters: Filter[] = [];
  let at = 3;
  for (; filters.length < MOST_FILTERS && args.at(at) !== ''; at += 3) {
    const filter = readFilter(args, at, table);
    if (typeof filter === 'string') return `Filter entry #${filters.length + 1}: ${filter}`;
    filters.push(filter);
  }
  if (args.at(at) === '') return filters;
  return `Detected extra data in filter, ${at + 1}th word of input, after '${args.at(at - 1)}'`;
}

function readFilter(args: Words, at: number, table: StickTable): Filter | string {
  const element = elementNamed(args.at(at), table);
  if (element === undefined) return 'Unknown data type';
  const { place, index } = element;
  if (place === undefined) return 'Data type not stored in this table';
  const operator = args.at(at + 1);
  if (!Object.hasOwn(OPERATORS, operator))
    return 'Require and operator among "eq", "ne", "le", "ge", "lt", "gt"';
  const text = args.at(at + 2);
  if (!/^[+-]?\d+$/.test(text)) return 'Require a valid integer value to compare against';
  return { place, index, operator: operator as Operator, value: Number(text) };
}

/** Under the lock: all of them hold. */
export function matches(
  table: StickTable,
  entry: number,
  filters: readonly Filter[],
  nowMs: number,
): boolean {
  return filters.every(({ place, index, operator, value }) => {
    if (index >= place.count) return false;
    return OPERATORS[operator](dataOf(table, entry, place, index, nowMs), value);
  });
}

function dataOf(table: StickTable, entry: number, place: StoredAt, index: number, nowMs: number): number {
  if (isRate(place.type)) return table.rate(entry, place, index, nowMs);
  return place.type === 'server_key' ? 0 : table.number(entry, place, index);
}
