/**
 * Numbers with units (manual, sections 2.5 and 2.6). Only integers are accepted; what does not fit is an error,
 * never a silently different number.
 */
import { doubtful, parsed, refused } from './parsed.ts';
import type { Parsed } from './parsed.ts';

export type TimeUnit = 'us' | 'ms' | 's' | 'm' | 'h' | 'd';

const MICROSECONDS: Readonly<Record<TimeUnit, number>> = {
  us: 1,
  ms: 1000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};

const MAX_TIME_MS = 0x7fffffff;
const MAX_SIZE = 0xffffffff;

const SIZE_SHIFT: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** The first character at or after `digits` that cannot be part of the number, for messages. */
function badCharacter(text: string): string {
  const rest = text.replace(/^\d+/, '');
  return rest.charAt(0);
}

/**
 * A duration in milliseconds. `keyword` is what messages name: `timeout client`. Microseconds are rounded up. What stands
 * behind a unit (`15min`, `5sec`, `1h30m`) does not count, which is worth a warning.
 */
export function parseTime(
  text: string,
  defaultUnit: TimeUnit = 'ms',
  keyword = 'this keyword',
): Parsed<number> {
  const match = /^(\d+)(us|ms|[smhd])?/.exec(text);
  const rest = text.slice(match?.[0].length);
  if (match === null || (rest !== '' && match[2] === undefined)) {
    return text === ''
      ? refused(`missing time value for '${keyword}'`)
      : refused(`unexpected character '${badCharacter(text)}' in '${keyword}'`);
  }
  const unit = (match[2] ?? defaultUnit) as TimeUnit;
  const value = Math.ceil((Number(match[1]) * MICROSECONDS[unit]) / 1000);
  if (value > MAX_TIME_MS)
    return refused(
      `timer overflow in argument '${text}' to '${keyword}' (maximum value is 2147483647 ms or ~24.8 days)`,
    );
  if (rest === '') return parsed(value);
  const read = `'${text}' is read as '${match[0]}'`;
  return doubtful(
    value,
    `unexpected characters after the timer value in '${keyword}': ${read}, units are us, ms, s, m, h and d`,
  );
}

/** A size in bytes: `1024`, `16k`, `2M`, `1g`. */
export function parseSize(text: string, max: number = MAX_SIZE): Parsed<number> {
  const match = /^(\d+)([kmg]?)$/i.exec(text);
  if (match === null)
    return refused(text === '' ? 'missing size' : `unexpected '${badCharacter(text)}' in size '${text}'`);
  const value = Number(match[1]) * (SIZE_SHIFT[(match[2] as string).toLowerCase()] as number);
  return value > max ? refused(`size '${text}' is too large (maximum is ${max} bytes)`) : parsed(value);
}

/** A decimal integer between `min` and `max`, both included. */
export function parseInteger(text: string, min: number, max: number): Parsed<number> {
  if (!/^[+-]?\d+$/.test(text)) return refused(`'${text}' is not an integer`);
  const value = Number(text);
  if (value < min || value > max) return refused(`'${text}' is out of range (${min}..${max})`);
  return parsed(value);
}
