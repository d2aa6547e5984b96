/**
 * `http-check expect` (manual, section 4.2): what the answer has to look like. Compiled once; all rules
 * have to be met, and without one any status from 200 to 399 is good.
 */
import type { Word } from '../model/word.ts';
import type { CheckFinding } from './status.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly reason: string;
  readonly body: string;
  /** Nothing more comes. */
  readonly complete: boolean;
}

/** Undefined: more of the body is needed. */
export type HttpExpect = (answer: HttpAnswer) => CheckFinding | undefined;

export function compileExpect(rules: readonly (readonly Word[])[], disableOn404: boolean): HttpExpect {
  const expects = rules.filter(rule => rule[0]?.text === 'expect').flatMap(rule => compileRule(rule));
  const expect = expects.length === 0 ? statusRule([[200, 399]], false) : allOf(expects);
  if (!disableOn404) return expect;
  return answer => (answer.status === 404 ? { status: 'L7OKC', code: 404 } : expect(answer));
}

/** Several are met one after the other: the first that fails, or waits, decides. */
function allOf(expects: readonly HttpExpect[]): HttpExpect {
  return answer => {
    let finding: CheckFinding | undefined;
    for (const expect of expects) {
      finding = expect(answer);
      if (finding === undefined || finding.status !== 'L7OK') return finding;
    }
    return finding;
  };
}

/** None for matches that are not supported: the parser warned about them. */
function compileRule(words: readonly Word[]): HttpExpect[] {
  const texts = words.map(word => word.text);
  const at = texts.findIndex(text => /^r?(string|status)$/.test(text));
  const pattern = texts[at + 1] ?? '';
  const inverse = texts[at - 1] === '!';
  switch (texts[at]) {
    case 'status':
      return [statusRule(parseRanges(pattern), inverse)];
    case 'rstatus':
      return [regexStatusRule(new RegExp(pattern), inverse)];
    case 'string':
      return [bodyRule(body => body.includes(pattern), inverse)];
    case 'rstring': {
      const regex = new RegExp(pattern);
      return [bodyRule(body => regex.test(body), inverse)];
    }
    default:
      return [];
  }
}

type Range = readonly [low: number, high: number];

/** `200,300-399` */
function parseRanges(text: string): Range[] {
  return text.split(',').map(part => {
    const [low, high = low] = part.split('-').map(Number);
    return [low as number, high as number];
  });
}

function statusRule(ranges: readonly Range[], inverse: boolean): HttpExpect {
  return answer =>
    judge(answer, ranges.some(([low, high]) => answer.status >= low && answer.status <= high) !== inverse);
}

function regexStatusRule(regex: RegExp, inverse: boolean): HttpExpect {
  return answer => judge(answer, regex.test(String(answer.status)) !== inverse);
}

function judge({ status, reason }: HttpAnswer, good: boolean): CheckFinding {
  return good ? { status: 'L7OK', code: status } : { status: 'L7STS', code: status, info: reason };
}

/** A mismatch is final only when the body has come to its end. */
function bodyRule(matches: (body: string) => boolean, inverse: boolean): HttpExpect {
  return ({ status, body, complete }) => {
    const found = matches(body);
    if (!complete && (body === '' || !found)) return undefined;
    if (body === '') return { status: 'L7RSP', info: 'HTTP content check could not find a response body' };
    if (found !== inverse) return { status: 'L7OK', code: status };
    const info = inverse ? 'HTTP check matched unwanted content' : 'HTTP content check did not match';
    return { status: 'L7RSP', info };
  };
}
