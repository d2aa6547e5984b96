/** What the target of a request asks of `mode haterm` (HAProxy's haterm.txt, "Execution"). */

export interface Wishes {
  /** Bytes of the body. */
  readonly size: number;
  readonly status: number;
  readonly cacheable: boolean;
  /** The answer does not wait for the end of the request's body. */
  readonly answersFirst: boolean;
  /** What becomes of the client's connection; undefined: what the client wants. */
  readonly keepAlive: boolean | undefined;
  readonly waitMs: number;
  readonly chunked: boolean;
  /** The body is noise, not lines of digits. */
  readonly random: boolean;
}

type Draft = { -readonly [Key in keyof Wishes]: Wishes[Key] };

export const NO_WISHES: Wishes = {
  size: 0,
  status: 200,
  cacheable: true,
  answersFirst: false,
  keepAlive: undefined,
  waitMs: 0,
  chunked: false,
  random: false,
};

/** What a timer of Node takes. */
const LONGEST_MS = 2 ** 31 - 1;

const TAKE: Readonly<Record<string, (draft: Draft, value: number) => void>> = {
  s: (draft, value) => (draft.size = Math.max(0, value)),
  r: (draft, value) => (draft.status = value),
  c: (draft, value) => (draft.cacheable = value >= 1),
  A: (draft, value) => (draft.answersFirst = value > 0),
  C: (draft, value) => (draft.keepAlive = value <= 0),
  K: (draft, value) => (draft.keepAlive = value > 0),
  t: (draft, value) => (draft.waitMs = Math.min(value, LONGEST_MS)),
  k: (draft, value) => (draft.chunked = value > 0),
  R: (draft, value) => (draft.random = value > 0),
};

const ARGUMENT = /^([srcACKtkR])=(-?\d+)([kmgr]*)$/i;
const MULTIPLES: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/**
 * 'help': the query is empty. Arguments nobody knows are passed over; a later one counts before an earlier one.
 * `random` gives a number from 0 to below 1 for values that end in `r`.
 */
export function readWishes(target: string, random: () => number): Wishes | 'help' {
  const query = target.indexOf('?');
  if (query < 0) return NO_WISHES;
  if (query === target.length - 1) return 'help';
  const draft: Draft = { ...NO_WISHES };
  for (const argument of target.slice(query + 1).split(/[&?,;/]/)) {
    const [, name = '', digits = '', suffixes = ''] = ARGUMENT.exec(argument) ?? [];
    TAKE[name]?.(draft, valueOf(digits, suffixes.toLowerCase(), random));
  }
  return draft;
}

function valueOf(digits: string, suffixes: string, random: () => number): number {
  let value = Number(digits);
  for (const suffix of suffixes) value *= MULTIPLES[suffix] ?? 1;
  if (suffixes.includes('r')) value *= random();
  return Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER);
}
