/**
 * Shapes of keyword arguments for tables of settings: each tells how it is written (for errors and the
 * documentation) and checks words, reporting what is wrong.
 */
import type { Word } from '../model/word.ts';
import type { LineContext } from './line-context.ts';
import { parseInteger, parseSize, parseTime } from './units.ts';
import type { TimeUnit } from './units.ts';

export interface Shape {
  /** As in the manual: `<number>`. */
  readonly args: string;
  readonly arity: readonly [number, number];
  /** Each word as it counts, where that is not how it was written. */
  readonly normal?: (word: Word, name: string, context: Pick<LineContext, 'warn'>) => Word;
  /** The values as numbers or texts; undefined after an error was reported. */
  readonly read: (words: readonly Word[], name: string, context: LineContext) => number | string | undefined;
}

export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): Shape {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `between ${min} and ${max}`;
  return {
    args: '<number>',
    arity: [1, 1],
    read: ([word], name, context) => {
      const value = parseInteger((word as Word).text, min, max);
      if (value.error === undefined) return value.value;
      context.alert(word as Word, `'${name}' expects an integer argument ${range}, found '${word?.text}'.`);
      return undefined;
    },
  };
}

/** A number that HAProxy reads as far as it is one, so that `10k` is 10 and `x` is 0. So it is read here, and told of. */
export function leadingInteger(min: number, max: number = Number.MAX_SAFE_INTEGER): Shape {
  return { ...integer(min, max), normal: leadingNumber };
}

/** The words of a line as they count. */
export function normalWords(
  { normal }: Shape,
  words: readonly Word[],
  name: string,
  context: Pick<LineContext, 'warn'>,
): readonly Word[] {
  return normal === undefined ? words : words.map(word => normal(word, name, context));
}

/** The word, or the number it begins with. */
export function leadingNumber(word: Word, name: string, context: Pick<LineContext, 'warn'>): Word {
  if (/^[+-]?\d+$/.test(word.text)) return word;
  const text = String(Number.parseInt(word.text, 10) || 0);
  context.warn(word, `'${name}' expects an integer argument, '${word.text}' is read as ${text}.`);
  return { ...word, text };
}

export function size(max?: number, min = 0): Shape {
  return {
    args: '<size>',
    arity: [1, 1],
    read: ([word], name, context) => {
      const value = parseSize((word as Word).text, max);
      const error = value.error ?? (value.value < min ? `must be at least ${min}` : undefined);
      if (error === undefined) return value.value;
      context.alert(word as Word, `'${name}' : ${error}.`);
      return undefined;
    },
  };
}

export function time(unit: TimeUnit = 'ms', maxMs: number = 0x7fffffff): Shape {
  return {
    args: '<time>',
    arity: [1, 1],
    read: ([word], name, context) => {
      const value = parseTime((word as Word).text, unit, name);
      if (value.warning !== undefined) context.warn(word as Word, `${value.warning}.`);
      if (value.error === undefined && value.value <= maxMs) return value.value;
      const tooLong = `timer overflow in argument '${word?.text}' to '${name}', maximum value is ${maxMs} ms.`;
      context.alert(word as Word, value.error ?? tooLong);
      return undefined;
    },
  };
}

export function oneWordOf(...values: readonly string[]): Shape {
  return {
    args: `{ ${values.join(' | ')} }`,
    arity: [1, 1],
    read: ([word], name, context) => {
      if (word !== undefined && values.includes(word.text)) return word.text;
      const list = values.map(value => `'${value}'`).join(', ');
      context.alert(
        word ?? context.position,
        `'${name}' expects one of ${list}, found '${word?.text ?? ''}'.`,
      );
      return undefined;
    },
  };
}

/** Free text: the first word is the answer. */
export function text(args: string, least = 1, most = 1): Shape {
  return { args, arity: [least, most], read: ([word]) => word?.text ?? '' };
}

export function nothing(): Shape {
  return { args: '', arity: [0, 0], read: () => '' };
}

/** `pattern` has to match every word. */
export function matching(args: string, pattern: RegExp, least = 1, most = 64): Shape {
  return {
    args,
    arity: [least, most],
    read: (words, name, context) => {
      const bad = words.find(word => !pattern.test(word.text));
      if (bad === undefined) return words[0]?.text ?? '';
      context.alert(bad, `'${name}' expects ${args}, found '${bad.text}'.`);
      return undefined;
    },
  };
}
