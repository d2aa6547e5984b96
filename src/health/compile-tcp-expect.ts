/** `tcp-check expect`: matches over the bytes received (manual, section 4.2). */
import type { Word } from '../model/word.ts';
import type { CheckFacts } from './check-facts.ts';
import { errorText, type ExpectWording } from './expect-messages.ts';
import { readExpect, type ExpectOptions } from './expect-options.ts';
import type { CheckExpressions } from './expressions.ts';
import type { ExpectStep, StepPlace, Verdict } from './ruleset.ts';

/** How one match looks at the bytes. */
interface Match {
  /** `expect string 'x'` */
  readonly name: string;
  /** Behind "did not match content". */
  readonly pattern: string;
  /** Bytes without which a match is impossible. */
  readonly least: number;
  /** Text instead of an answer: what went wrong with the pattern. */
  readonly test: (facts: CheckFacts, last: boolean) => boolean | 'wait' | { readonly error: string };
}

/** Undefined after a mistake. */
export function compileTcpExpect(
  rule: readonly Word[],
  { index, head, comment: given }: StepPlace,
  expressions: CheckExpressions,
): ExpectStep | undefined {
  const options = readExpect(rule, expressions);
  const match = options && compileMatch(options, expressions);
  if (options === undefined || match === undefined) return undefined;
  const { onError } = options;
  const comment = options.comment ?? given;
  const wording = { step: index + 1, comment, onError, pattern: match.pattern, readyMade: false };
  return {
    kind: 'expect',
    index,
    head,
    name: match.name,
    inverse: options.match.inverse,
    ...(comment !== undefined && { comment }),
    ...(options.okStatus !== undefined && { okStatus: options.okStatus }),
    ...(options.timeoutStatus !== undefined && { timeoutStatus: options.timeoutStatus }),
    ...(options.statusCode !== undefined && { statusCode: options.statusCode }),
    onSuccess: options.onSuccess ?? (() => '(tcp-check)'),
    judge: (facts, last) => judge(facts, last, match, options, wording),
  };
}

function judge(
  facts: CheckFacts,
  noMore: boolean,
  match: Match,
  { match: { inverse }, minRecv, errorStatus, statusCode }: ExpectOptions,
  wording: ExpectWording,
): Verdict {
  const last = noMore || facts.full;
  if (!last && (facts.length < match.least || facts.length < minRecv)) return 'wait';
  const found = match.test(facts, last);
  if (found === 'wait') return 'wait';
  if (typeof found === 'object')
    return { status: 'L7RSP', info: errorText(facts, wording, false, found.error) };
  if (!found && !last && minRecv === -1) return 'wait';
  if (found !== inverse) return 'passed';
  const info = errorText(facts, wording, found);
  return { status: errorStatus ?? 'L7RSP', code: statusCode?.(facts) ?? facts.code, info };
}

function compileMatch({ match }: ExpectOptions, expressions: CheckExpressions): Match | undefined {
  const { kind, pattern } = match;
  switch (kind) {
    case 'string':
      return stringMatch(pattern.text);
    case 'binary':
      return binaryMatch(pattern, expressions);
    case 'rstring':
      return regexMatch(pattern, 'regex', facts => facts.text, expressions);
    case 'rbinary':
      return regexMatch(pattern, 'binary regex', facts => toHex(facts.text), expressions);
    default:
      return formatMatch(kind, pattern, expressions);
  }
}

function stringMatch(text: string): Match {
  return {
    name: `expect string '${text}'`,
    pattern: ` '${text}'`,
    least: text.length,
    test: facts => facts.text.includes(text),
  };
}

function binaryMatch(pattern: Word, expressions: CheckExpressions): Match | undefined {
  const bytes = fromHex(pattern.text);
  if (bytes === undefined) {
    expressions.report('alert', pattern.position, `invalid binary string ('${pattern.text}')`);
    return undefined;
  }
  return {
    name: `expect binary '${toHex(bytes)}'`,
    pattern: ' (binary)',
    least: bytes.length,
    test: facts => facts.text.includes(bytes),
  };
}

function regexMatch(
  pattern: Word,
  what: string,
  subject: (facts: CheckFacts) => string,
  expressions: CheckExpressions,
): Match | undefined {
  const test = expressions.regex(pattern);
  if (test === undefined) return undefined;
  return { name: `expect ${what}`, pattern: ` (${what})`, least: 0, test: facts => test(subject(facts)) };
}

/** `string-lf`, `binary-lf`: the pattern is made when it is needed. */
function formatMatch(kind: string, pattern: Word, expressions: CheckExpressions): Match | undefined {
  const format = expressions.format(pattern);
  if (format === undefined) return undefined;
  const binary = kind === 'binary-lf';
  const what = `log-format ${binary ? 'binary' : 'string'}`;
  const make = (facts: CheckFacts): string | { readonly error: string } => {
    const text = format(facts);
    if (text === '') return { error: 'log-format string evaluated to an empty string' };
    if (!binary) return text;
    return fromHex(text) ?? { error: 'Failed to parse hexastring resulting of eval of a log-format string' };
  };
  return {
    name: `expect ${what}`,
    pattern: ` (${what})`,
    least: 0,
    test: (facts, last) => {
      const wanted = make(facts);
      if (typeof wanted === 'object') return wanted;
      return facts.length < wanted.length && !last ? 'wait' : facts.text.includes(wanted);
    },
  };
}

/** Latin1 of pairs of hexadecimal digits; undefined: they are none. */
export function fromHex(text: string): string | undefined {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) return undefined;
  return Buffer.from(text, 'hex').toString('latin1');
}

function toHex(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex').toUpperCase();
}
