/** Rows of keywords that take one value and keep it where it is good. Elsewhere the draft stays as it was. */
import type { KeepalivedKeyword } from './keyword.ts';
import { readAddress, readBool, readInteger, readSeconds } from './values.ts';

type Range = readonly [least: number, most: number];
type RowFor<Key extends string, Value> = KeepalivedKeyword<{ [K in Key]?: Value }>;

export function integerRow<Key extends string>(
  name: string,
  key: Key,
  range: Range,
  summary: string,
  args = `<${range[0]}..${range[1]}>`,
): RowFor<Key, number> {
  return {
    name,
    args,
    least: 1,
    summary,
    parse: (draft, statement, scope) => {
      const value = readInteger(statement, scope, ...range);
      if (value !== undefined) draft[key] = value;
    },
  };
}

/** Kept as milliseconds. */
export function secondsRow<Key extends string>(
  name: string,
  key: Key,
  range: Range,
  summary: string,
  args = '<secs>',
): RowFor<Key, number> {
  return {
    name,
    args,
    least: 1,
    summary,
    parse: (draft, statement, scope) => {
      const value = readSeconds(statement, scope, ...range);
      if (value !== undefined) draft[key] = value;
    },
  };
}

export function textRow<Key extends string>(name: string, key: Key, summary: string): RowFor<Key, string> {
  return {
    name,
    args: '<STRING>',
    least: 1,
    summary,
    parse: (draft, { words }) => void (draft[key] = words[0]?.text ?? ''),
  };
}

export function addressRow<Key extends string>(name: string, key: Key, summary: string): RowFor<Key, string> {
  return {
    name,
    args: '<ip>',
    least: 1,
    summary,
    parse: (draft, statement, scope) => {
      const found = readAddress(statement, scope);
      if (found !== undefined) draft[key] = found.address;
    },
  };
}

/** On wherever it stands, even before `off`. */
export function flagRow<Key extends string>(name: string, key: Key, summary: string): RowFor<Key, boolean> {
  return { name, args: '', summary, parse: draft => void (draft[key] = true) };
}

/** One that may say `on` or `off` itself; alone it means on. */
export function boolRow<Key extends string>(name: string, key: Key, summary: string): RowFor<Key, boolean> {
  return {
    name,
    args: '[<BOOL>]',
    summary,
    parse: (draft, statement, scope) => {
      const value = readBool(statement, scope);
      if (value !== undefined) draft[key] = value;
    },
  };
}
