/** Converters on strings (manual, section 7.3.1): case, fields, trimming, names and hosts. */
import type { Arguments } from '../arguments.ts';
import { lowerCase } from '../fold.ts';
import type { ConverterRow } from '../row.ts';
import { operandOf } from './arithmetic.ts';

function simple(
  name: string,
  out: 'str' | 'int' | 'bool',
  summary: string,
  apply: (text: string) => string | number | boolean | undefined,
): ConverterRow {
  return { name, in: 'str', out, summary, compile: () => (text: string) => apply(text) };
}

const upperCase = (text: string): string => text.replace(/[a-z]+/g, run => run.toUpperCase());

interface FieldArgs {
  readonly index: number;
  readonly delimiters: string;
  /** 0: all the rest. */
  readonly count: number;
}

function fieldArgs(args: Arguments): FieldArgs | { error: string } {
  const index = Number(args[0]?.int ?? 0);
  const delimiters = args[1]?.text ?? '';
  if (index === 0) return { error: 'Unexpected value 0 for index' };
  if (delimiters === '') return { error: 'Empty separators list' };
  return { index, delimiters, count: Number(args[2]?.int ?? 1) };
}

/** Start and end of every piece between delimiters. */
function pieces(text: string, delimiters: string): [number, number][] {
  const found: [number, number][] = [];
  let start = 0;
  for (let at = 0; at <= text.length; at++)
    if (at === text.length || delimiters.includes(text.charAt(at))) {
      found.push([start, at]);
      start = at + 1;
    }
  return found;
}

/**
 * `count` pieces from the index-th; negative indexes count from the end, and pieces then extend to the left.
 * Where there are fewer than asked for, the rest of the text is taken whole.
 */
function pick(
  text: string,
  all: readonly [number, number][],
  { index, count }: FieldArgs,
): string | undefined {
  const first = index > 0 ? index - 1 : all.length + index;
  const piece = all[first];
  if (piece === undefined) return undefined;
  const many = count > 0 ? count - 1 : Infinity;
  if (index > 0) return text.slice(piece[0], all[first + many]?.[1]);
  return text.slice(all[first - many]?.[0] ?? 0, piece[1]);
}

function pieceConverter(name: string, summary: string, skipEmpty: boolean): ConverterRow {
  return {
    name,
    args: ['index:int', 'delimiters:str', 'count:int?'],
    in: 'str',
    out: 'str',
    summary,
    compile: args => {
      const parsed = fieldArgs(args);
      if ('error' in parsed) return parsed;
      return (text: string) => {
        const all = pieces(text, parsed.delimiters);
        return pick(text, skipEmpty ? all.filter(([start, end]) => end > start) : all, parsed);
      };
    },
  };
}

/** Value of `name=value` among others. */
function parameter(text: string, name: string, delimiter: string): string | undefined {
  for (const pair of text.split(delimiter)) {
    if (pair === name) return '';
    if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1);
  }
  return undefined;
}

/** Where the port's colon stands; -1 without port. */
function portColon(host: string): number {
  const colon = host.lastIndexOf(':');
  return colon > host.lastIndexOf(']') ? colon : -1;
}

function reverseDomain(text: string): string | undefined {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  const labels = name.split('.');
  return labels.includes('') ? undefined : labels.reverse().join('.');
}

function trimLeft(text: string, chars: string): string {
  let start = 0;
  while (start < text.length && chars.includes(text.charAt(start))) start++;
  return text.slice(start);
}

function trimRight(text: string, chars: string): string {
  let end = text.length;
  while (end > 0 && chars.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

function trimConverter(
  name: string,
  summary: string,
  trim: (text: string, chars: string) => string,
): ConverterRow {
  return {
    name,
    args: ['chars:str'],
    in: 'str',
    out: 'str',
    summary,
    compile: args => {
      const chars = args[0]?.text ?? '';
      return (text: string) => trim(text, chars);
    },
  };
}

export const TEXT_CONVERTERS: readonly ConverterRow[] = [
  simple('lower', 'str', 'lower case', lowerCase),
  simple('upper', 'str', 'upper case', upperCase),
  simple('length', 'int', 'length in bytes', text => text.length),
  simple('reverse', 'str', 'bytes in reverse order', text => text.split('').reverse().join('')),
  simple('reverse_dom', 'str', 'labels of a domain name in reverse order', reverseDomain),
  simple('cut_crlf', 'str', 'up to the end of the line', text => text.slice(0, /[\r\n]|$/.exec(text)?.index)),
  simple('host_only', 'str', 'host without port, in lower case', text => {
    const colon = portColon(text);
    return lowerCase(colon < 0 ? text : text.slice(0, colon));
  }),
  simple('port_only', 'int', 'port of a host, 0 without', text => {
    const colon = portColon(text);
    return colon < 0 ? 0 : Number(/^[0-9]*/.exec(text.slice(colon + 1))?.[0] ?? 0);
  }),
  trimConverter('ltrim', 'without these characters at the start', trimLeft),
  trimConverter('rtrim', 'without these characters at the end', trimRight),
  pieceConverter('field', 'index-th field between delimiters', false),
  pieceConverter('word', 'index-th word between delimiters; runs of them count once', true),
  {
    name: 'param',
    args: ['name:str', 'delim:str?'],
    in: 'str',
    out: 'str',
    summary: 'value of a parameter within the string',
    compile: args => {
      const delimiter = args[1]?.text ?? '&';
      if (delimiter.length !== 1) return { error: 'Delimiter must be exactly 1 character.' };
      const name = args[0]?.text ?? '';
      return (text: string) => parameter(text, name, delimiter);
    },
  },
  {
    name: 'bytes',
    args: ['offset:operand', 'length:operand?'],
    in: 'bin',
    out: 'bin',
    summary: 'slice of the bytes',
    impure: true,
    compile: args => {
      if (Number(args[0]?.int ?? 0) < 0) return { error: 'expects a non-negative integer' };
      if (Number(args[1]?.int ?? 1) <= 0) return { error: 'expects a positive integer' };
      const offset = operandOf(args, 0);
      const length = args[1] === undefined ? undefined : operandOf(args, 1);
      return (bytes: string, ctx) => {
        const start = Number(offset(ctx) ?? -1);
        const many = length === undefined ? bytes.length : Number(length(ctx) ?? -1);
        if (start < 0 || many < 0) return undefined;
        return bytes.slice(start, start + many);
      };
    },
  },
  {
    name: 'iif',
    args: ['true:str', 'false:str'],
    in: 'bool',
    out: 'str',
    summary: 'one string for true, the other for false',
    compile: args => {
      const whenTrue = args[0]?.text ?? '';
      const whenFalse = args[1]?.text ?? '';
      return (value: boolean) => (value ? whenTrue : whenFalse);
    },
  },
];
