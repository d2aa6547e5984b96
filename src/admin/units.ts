/** Numbers and times as commands take them. */

const UNITS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** As many milliseconds as a timer can have: a longer one would be over at once. */
export const LONGEST_TIMER_MS = 0x7fff_ffff;

/** Milliseconds of a time with or without a unit; undefined: not a time. */
export function parseDelay(text: string, unit: 's' | 'ms'): number | undefined {
  const match = /^(\d+)(us|ms|s|m|h|d)?$/.exec(text);
  if (match === null) return undefined;
  return Math.ceil(Number(match[1]) * (UNITS[match[2] ?? unit] as number));
}

/** As atoi() reads it: digits from the left, 0 without any. */
export function leadingInteger(text: string): number {
  const digits = /^\s*[-+]?\d+/.exec(text)?.[0];
  return digits === undefined ? 0 : Number(digits);
}

/** Undefined unless the whole text is a whole number. */
export function wholeInteger(text: string): number | undefined {
  return /^[-+]?\d+$/.test(text) ? Number(text) : undefined;
}
