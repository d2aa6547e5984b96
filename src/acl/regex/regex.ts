/**
 * Regular expressions of the configuration (PCRE), over latin1 text. JavaScript's engine runs a pattern as
 * long as the worst case for the subject's length is about a millisecond; beyond that a linear-time engine
 * does. Used by ACLs, maps, regsub and the replace actions.
 */
import { RE2JS } from 're2js';
import { emitJavaScript, emitLinear } from './emit.ts';
import { keepsCaptures } from './kept-captures.ts';
import type { ParsedRegex, RegexMistake } from './node.ts';
import { parseRegex } from './parse.ts';
import { riskOf } from './risk.ts';

interface RegexMatch {
  readonly start: number;
  readonly end: number;
  /** [0]: the whole match; undefined: that group took no part. */
  readonly groups: readonly (string | undefined)[];
}

export interface CompiledRegex {
  readonly source: string;
  /** Subjects longer than this never match: see `limitWarning`. */
  readonly longest: number;
  readonly test: (subject: string) => boolean;
  /** `notAtStart`: the text continues something, `^` does not hold. */
  readonly match: (subject: string, notAtStart?: boolean) => RegexMatch | undefined;
}

/** About what PCRE compiles; JavaScript's engine gives up a little above, and tells so when it first looks at a subject. */
const LONGEST_PATTERN = 32_000;
/** Shorter ones always compile. */
const TRIED_ABOVE = 1000;
/** As mistakes show it. */
const SHOWN = 200;

/** Steps of a backtracking engine: about a millisecond's worth, and about what PCRE's own limit lets pass. */
const STEP_BUDGET = 1_000_000;
/** Where no linear engine can take over. */
const LAST_RESORT_BUDGET = 4_000_000;
const WORST_WITHOUT_LINEAR = 2.5;
/** A fixed factor of up to 32 a byte still counts as linear. */
const WORST_OF_LINEAR = 1.5;

export function isRegexMistake(value: CompiledRegex | RegexMistake): value is RegexMistake {
  return 'error' in value;
}

export function compileRegex(pattern: string, ignoreCase = false): CompiledRegex | RegexMistake {
  if (pattern.length > LONGEST_PATTERN) return tooLarge(pattern);
  const parsed = parseRegex(pattern, ignoreCase);
  if ('error' in parsed)
    return { error: `regex '${shown(pattern)}' is invalid (${parsed.error})`, offset: parsed.offset };
  const risk = riskOf(parsed.root);
  const keeping = keepsCaptures(parsed.root);
  const linear = risk <= WORST_OF_LINEAR && !keeping ? undefined : buildLinear(parsed);
  if (linear === undefined && risk > WORST_WITHOUT_LINEAR) return { error: tooRisky(pattern), offset: 0 };
  if (risk === Infinity) return fromEngine(pattern, linear as Engine);
  const quick = buildBacktracking(parsed);
  if (quick === undefined) return tooLarge(pattern);
  const backtracking = withKeptCaptures(quick, keeping ? linear : undefined);
  if (risk <= WORST_OF_LINEAR) return fromEngine(pattern, backtracking);
  const budget = linear === undefined ? LAST_RESORT_BUDGET : STEP_BUDGET;
  const longest = Math.floor(budget ** (1 / risk));
  return switching(pattern, backtracking, linear, longest);
}

/** Groups as PCRE tells them, where JavaScript's engine would forget some. */
function withKeptCaptures(quick: Engine, keeping: Engine | undefined): Engine {
  return keeping === undefined ? quick : { test: quick.test, match: keeping.match };
}

function shown(pattern: string): string {
  return pattern.length > SHOWN ? `${pattern.slice(0, SHOWN)}...` : pattern;
}

function tooLarge(pattern: string): RegexMistake {
  return { error: `regex '${shown(pattern)}' is too large`, offset: 0 };
}

function tooRisky(pattern: string): string {
  return (
    `regex '${shown(pattern)}' can take unlimited time on long subjects: use fewer repetitions, ` +
    'or none of look-around, back references and possessive repetition'
  );
}

/** What to say at load of a pattern that does not look at long subjects; undefined: it looks at all. */
export function limitWarning({ source, longest }: CompiledRegex): string | undefined {
  if (longest === Infinity) return undefined;
  return (
    `regex '${source}' will not match anything longer than ${longest} bytes, to bound the time it takes: ` +
    'avoid look-around, back references and possessive repetition to lift this'
  );
}

interface Engine {
  readonly test: (subject: string) => boolean;
  readonly match: (subject: string, notAtStart: boolean) => RegexMatch | undefined;
}

function fromEngine(source: string, { test, match }: Engine): CompiledRegex {
  return {
    source,
    longest: Infinity,
    test,
    match: (subject, notAtStart = false) => match(subject, notAtStart),
  };
}

/** Subjects too long for both engines do not match, as with PCRE's match limit. */
function switching(
  source: string,
  quick: Engine,
  linear: Engine | undefined,
  longest: number,
): CompiledRegex {
  return {
    source,
    longest: linear === undefined ? longest : Infinity,
    test: subject => (subject.length <= longest ? quick.test(subject) : (linear?.test(subject) ?? false)),
    match: (subject, notAtStart = false) =>
      subject.length <= longest ? quick.match(subject, notAtStart) : linear?.match(subject, notAtStart),
  };
}

/** Undefined: it is too large. */
function buildBacktracking(parsed: ParsedRegex): Engine | undefined {
  const emitted = emitJavaScript(parsed);
  const regex = regexOf(emitted.source);
  if (regex === undefined) return undefined;
  let inner: RegExp | undefined;
  return {
    test: subject => regex.test(subject),
    match: (subject, notAtStart) => {
      if (notAtStart) inner ??= regexOf(emitJavaScript(parsed, { notAtStart: true }).source);
      const found = (notAtStart ? inner : regex)?.exec(subject) ?? null;
      if (found === null) return undefined;
      return {
        start: found.index,
        end: found.index + found[0].length,
        groups: emitted.groups.map(group => found[group]),
      };
    },
  };
}

/** Compiled when it first looks at a subject, which fails where it is too large. */
function regexOf(source: string): RegExp | undefined {
  try {
    const regex = new RegExp(source);
    // the second time it is compiled to machine code
    for (let turn = 0; turn < 2 && source.length > TRIED_ABOVE; turn++) regex.test('');
    return regex;
  } catch {
    return undefined;
  }
}

/** Undefined when the linear engine does not know something in it. */
function buildLinear(parsed: ParsedRegex): Engine | undefined {
  const source = emitLinear(parsed);
  const innerSource = emitLinear(parsed, { notAtStart: true });
  if (source === undefined || innerSource === undefined) return undefined;
  const regex = compileLinear(source);
  if (regex === undefined) return undefined;
  let inner: RE2JS | undefined;
  return {
    test: subject => regex.matcher(subject).find(),
    match: (subject, notAtStart) => {
      if (notAtStart) inner ??= compileLinear(innerSource);
      const matcher = (notAtStart ? (inner ?? regex) : regex).matcher(subject);
      if (!matcher.find()) return undefined;
      const groups = Array.from(
        { length: parsed.captures + 1 },
        (_, index) => matcher.group(index) ?? undefined,
      );
      return { start: matcher.start(), end: matcher.end(), groups };
    },
  };
}

function compileLinear(source: string): RE2JS | undefined {
  try {
    return RE2JS.compile(source);
  } catch {
    return undefined;
  }
}

/** Expands `\1` and `\xHH` of a replacement; undefined when it is malformed. */
export function expandReplacement(
  replacement: string,
  groups: readonly (string | undefined)[],
): string | undefined {
  if (!replacement.includes('\\')) return replacement;
  let output = '';
  for (let at = 0; at < replacement.length; at++) {
    const char = replacement.charAt(at);
    if (char !== '\\') {
      output += char;
      continue;
    }
    const next = replacement.charAt(++at);
    if (next === '') return undefined;
    if (next >= '0' && next <= '9') output += groups[Number(next)] ?? '';
    else if (next === 'x') {
      const digits = replacement.slice(at + 1, at + 3);
      if (!/^[0-9a-fA-F]{2}$/.test(digits)) return undefined;
      output += String.fromCharCode(Number.parseInt(digits, 16));
      at += 2;
    } else output += next;
  }
  return output;
}
