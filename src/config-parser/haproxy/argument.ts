/**
 * Reading the arguments of proxy, bind and server lines: each function answers the value, or reports what is
 * wrong with it and answers undefined. `10k` never silently means 10: it is refused where HAProxy refuses it, and told of
 * where HAProxy reads the number it begins with.
 */
import type { Word } from '../../model/word.ts';
import { leadingNumber } from '../argument-shape.ts';
import type { LineContext } from '../line-context.ts';
import { parseSize, parseTime, type TimeUnit } from '../units.ts';

interface Range {
  readonly min?: number;
  readonly max?: number;
  /** HAProxy reads a number as far as it is one. */
  readonly leading?: boolean;
}

const MAX_SECONDS = 0x7fffffff;

function rangeText({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: Range): string {
  if (max !== Number.MAX_SAFE_INTEGER) return `between ${min} and ${max}`;
  return min === 1 ? '> 0' : `>= ${min}`;
}

export function readInteger(
  word: Word | undefined,
  name: string,
  context: LineContext,
  range: Range = {},
): number | undefined {
  if (word !== undefined && range.leading === true)
    return readInteger(leadingNumber(word, name, context), name, context, { ...range, leading: false });
  if (word === undefined || !/^[+-]?\d+$/.test(word.text)) {
    const found = word === undefined ? '' : `, found '${word.text}'`;
    context.alert(word ?? context.position, `'${name}' expects an integer argument${found}.`);
    return undefined;
  }
  const value = Number(word.text);
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = range;
  if (value >= min && value <= max) return value;
  context.alert(word, `'${name}' : invalid value ${word.text}, must be ${rangeText(range)}.`);
  return undefined;
}

/** A duration in milliseconds. */
export function readTime(
  word: Word | undefined,
  name: string,
  context: LineContext,
  unit: TimeUnit = 'ms',
): number | undefined {
  if (word === undefined) {
    context.alert(context.position, `'${name}' expects a delay as argument.`);
    return undefined;
  }
  const time = parseTime(word.text, unit, name);
  if (time.warning !== undefined) context.warn(word, `${time.warning}.`);
  if (time.error === undefined) return time.value;
  context.alert(word, time.error);
  return undefined;
}

const SECONDS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600, d: 86400 };

/** A duration that HAProxy keeps in whole seconds (cookies, stats refresh): up to 68 years, in milliseconds here. */
export function readSeconds(word: Word | undefined, name: string, context: LineContext): number | undefined {
  const match = /^(\d+)(us|ms|[smhd])?/.exec(word?.text ?? '');
  const rest = word?.text.slice(match?.[0].length);
  if (word === undefined || match === null || (rest !== '' && match[2] === undefined)) {
    const bad = word === undefined ? 'missing value' : `unexpected character in '${word.text}'`;
    context.alert(word ?? context.position, `${bad} in argument to <${name}>.`);
    return undefined;
  }
  if (rest !== '')
    context.warn(
      word,
      `unexpected characters after the timer value in '${name}': '${word.text}' is read as '${match[0]}'.`,
    );
  const seconds = Math.ceil(Number(match[1]) * (SECONDS[match[2] ?? 's'] as number));
  if (seconds <= MAX_SECONDS) return seconds * 1000;
  const most = 'maximum value is 2147483647 s (~68 years)';
  context.alert(word, `timer overflow in argument <${word.text}> to <${name}>, ${most}.`);
  return undefined;
}

/** A size in bytes. */
export function readSize(word: Word | undefined, name: string, context: LineContext): number | undefined {
  const size = parseSize(word?.text ?? '');
  if (size.error === undefined) return size.value;
  context.alert(word ?? context.position, `'${name}' : ${size.error}`);
  return undefined;
}

function quotedList(values: readonly string[]): string {
  const quoted = values.map(value => `'${value}'`);
  const last = quoted.pop() ?? '';
  return quoted.length === 0 ? last : `${quoted.join(', ')} or ${last}`;
}

/** One of a few words. */
export function oneOf<const Value extends string>(
  word: Word | undefined,
  name: string,
  values: readonly Value[],
  context: LineContext,
): Value | undefined {
  const found = values.find(value => value === word?.text);
  if (found !== undefined) return found;
  const got = word === undefined ? '' : ` but got '${word.text}'`;
  context.alert(word ?? context.position, `'${name}' expects ${quotedList(values)}${got}.`);
  return undefined;
}

/** HAProxy's names of proxies, servers and ACLs: letters, digits, `_`, `-`, `:` and `.` (section 2.4). */
export function badNameCharacter(name: string): string | undefined {
  return /[^A-Za-z0-9_:.-]/.exec(name)?.[0];
}

/** The same line, whose messages start with what they are about: `'server b/s1' : ...`. */
export function withPrefix(context: LineContext, prefix: string): LineContext {
  const prefixed = Object.create(context) as LineContext;
  prefixed.alert = (at, message, hint) => context.alert(at, `${prefix} : ${message}`, hint);
  prefixed.warn = (at, message) => context.warn(at, `${prefix} : ${message}`);
  return prefixed;
}
