/** `http-check expect hdr|fhdr name ... [value ...]`: one header that fits both patterns is enough. */
import { endOfListItem, trimBlanks } from '../http/list-items.ts';
import type { Headers } from '../http/head.ts';
import type { CheckFacts } from './check-facts.ts';
import type { ExpectMatch, HeaderPattern } from './expect-options.ts';
import type { CheckExpressions } from './expressions.ts';
import type { HttpAnswer } from './http-answer.ts';

type Test = (text: string) => boolean;
type Prepared = (facts: CheckFacts) => Test | undefined;

const EMPTY = { error: 'log-format string evaluated to an empty string' };

/** Undefined after a mistake. */
export function compileHeaderMatch(
  { kind, name, value }: ExpectMatch,
  expressions: CheckExpressions,
): ((answer: HttpAnswer, facts: CheckFacts) => boolean | { readonly error: string }) | undefined {
  const testName = name && compilePattern(name, true, expressions);
  const testValue = value && compilePattern(value, false, expressions);
  if (testName === undefined || (value !== undefined && testValue === undefined)) return undefined;
  // without a value pattern, whole headers are looked at
  const whole = kind === 'fhdr' || value === undefined;
  return ({ head }, facts) => {
    const nameTest = testName(facts);
    const valueTest = testValue === undefined ? () => true : testValue(facts);
    if (nameTest === undefined || valueTest === undefined) return EMPTY;
    return someHeader(head.headers, nameTest, valueTest, whole);
  };
}

function someHeader(headers: Headers, name: Test, value: Test, whole: boolean): boolean {
  for (let index = 0; index < headers.count; index++) {
    if (!name(headers.nameAt(index))) continue;
    const text = headers.valueAt(index);
    if (whole ? value(text) : items(text).some(value)) return true;
  }
  return false;
}

function items(text: string): string[] {
  const found: string[] = [];
  for (let start = 0; start <= text.length;) {
    const end = endOfListItem(text, start);
    found.push(trimBlanks(text, start, end));
    start = end + 1;
  }
  return found;
}

/** Names are compared without regard to case. */
function compilePattern(
  { method, format, word }: HeaderPattern,
  isName: boolean,
  expressions: CheckExpressions,
): Prepared | undefined {
  if (method === 'reg') {
    const regex = expressions.regex(word, isName);
    return regex && (() => regex);
  }
  if (!format) {
    const test = textTest(method, word.text, isName);
    return () => test;
  }
  const render = expressions.format(word);
  return (
    render &&
    (facts => {
      const text = render(facts);
      return text === '' ? undefined : textTest(method, text, isName);
    })
  );
}

function textTest(method: Exclude<HeaderPattern['method'], 'reg'>, pattern: string, isName: boolean): Test {
  const wanted = isName ? pattern.toLowerCase() : pattern;
  const test = TESTS[method];
  return text => test(isName ? text.toLowerCase() : text, wanted);
}

const TESTS: Record<Exclude<HeaderPattern['method'], 'reg'>, (text: string, pattern: string) => boolean> = {
  str: (text, pattern) => text === pattern,
  beg: (text, pattern) => text.startsWith(pattern),
  end: (text, pattern) => text.endsWith(pattern),
  sub: (text, pattern) => text.includes(pattern),
};
