/** `-m int` and `-m len`: numbers and ranges, and dotted versions for TLS. */
import { parseWholeInt } from '../integer.ts';
import type { Int, Value } from '../sample.ts';
import { Buckets, earlier } from './pattern.ts';
import type { PatternIndex, StoredPattern } from './pattern.ts';

interface NumberRange {
  readonly min: Int | undefined;
  readonly max: Int | undefined;
}

type ParseNumber = (text: string) => Int | undefined;

/** `5`, `5:9`, `:9`, `5:`; `-` separates too, so that no number here is negative but behind an open beginning. */
function parseRange(text: string, parse: ParseNumber): NumberRange | undefined {
  const separator = /[:-]/.exec(text)?.index ?? -1;
  if (separator < 0) {
    const value = parse(text);
    return value === undefined ? undefined : { min: value, max: value };
  }
  const low = text.slice(0, separator);
  const high = text.slice(separator + 1);
  const min = low === '' ? undefined : parse(low);
  const max =
    low === '' && high.startsWith('-') ? parseNegative(high, parse) : high === '' ? undefined : parse(high);
  if ((low !== '' && min === undefined) || (high !== '' && max === undefined)) return undefined;
  if (low === '' && high === '') return undefined;
  return min !== undefined && max !== undefined && min > max ? undefined : { min, max };
}

/** `:-1` is how `lt 0` arrives. A sign alone is 0, as in HAProxy: so a stray `--` is no mistake and means `:0`. */
function parseNegative(text: string, parse: ParseNumber): Int | undefined {
  const value = text === '-' ? 0 : parse(text.slice(1));
  return value === undefined ? undefined : typeof value === 'bigint' ? -value : 0 - value;
}

const parsePlain: ParseNumber = text => (/^[0-9]/.test(text) ? parseWholeInt(text) : undefined);

/** `3.1` is 3 * 65536 + 1. */
export const parseDotted: ParseNumber = text => {
  const match = /^([0-9]{1,5})(?:\.([0-9]{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const [major, minor] = [Number(match[1]), Number(match[2] ?? 0)];
  return major > 65535 || minor > 65535 ? undefined : major * 65536 + minor;
};

interface HeldRange extends NumberRange {
  readonly pattern: StoredPattern;
}

export function createNumberIndex(measure: (value: Value) => Int, isDotted = false): PatternIndex {
  const exact = new Buckets<Int>();
  const ranges: HeldRange[] = [];
  const parse = isDotted ? parseDotted : parsePlain;
  return {
    insert: pattern => {
      const text = pattern.entry.key;
      const range = parseRange(text, parse);
      if (range === undefined)
        return isDotted
          ? `'${text}' is not a valid dotted number range`
          : `'${text}' is not a valid number range`;
      if (range.min !== undefined && range.min === range.max) exact.add(range.min, pattern);
      else ranges.push({ ...range, pattern });
      return undefined;
    },
    remove: pattern => {
      const range = parseRange(pattern.entry.key, parse);
      if (range?.min !== undefined) exact.remove(range.min, pattern);
      const at = ranges.findIndex(held => held.pattern === pattern);
      if (at >= 0) ranges.splice(at, 1);
    },
    find: value => {
      const number = measure(value);
      const found = exact.size === 0 ? undefined : exact.first(number);
      if (ranges.length === 0) return found;
      const within = ranges.find(
        ({ min, max }) => (min === undefined || min <= number) && (max === undefined || number <= max),
      );
      return earlier(found, within?.pattern);
    },
  };
}
