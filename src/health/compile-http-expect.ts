/** `http-check expect`: matches over status, headers and body of an answer (manual, section 4.2). */
import type { Word } from '../model/word.ts';
import type { CheckFacts } from './check-facts.ts';
import { emptyText, errorText, type ExpectWording } from './expect-messages.ts';
import { readExpect, type ExpectOptions } from './expect-options.ts';
import type { CheckExpressions } from './expressions.ts';
import { compileHeaderMatch } from './header-match.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { ExpectStep, StepPlace, Verdict } from './ruleset.ts';
import type { CheckFinding } from './status.ts';

/** What a match says: yes, no, not yet, or what is wrong. */
type Outcome = boolean | 'wait' | { readonly error: string };

interface Match {
  /** `expect HTTP status codes` */
  readonly name: string;
  readonly pattern: string;
  /** Status of a check that fails by it, unless `error-status` says another. */
  readonly status: 'L7STS' | 'L7RSP';
  readonly test: (answer: HttpAnswer, facts: CheckFacts) => Outcome;
  readonly info: (answer: HttpAnswer) => string;
}

interface HttpExpectPlace extends StepPlace {
  /** `http-check disable-on-404` */
  readonly disableOn404: boolean;
}

/** Undefined after a mistake. */
export function compileHttpExpect(
  rule: readonly Word[],
  place: HttpExpectPlace,
  expressions: CheckExpressions,
): ExpectStep | undefined {
  const options = readExpect(rule, expressions);
  const match = options && compileMatch(options, expressions);
  if (options === undefined || match === undefined) return undefined;
  return httpExpectStep(match, options, place);
}

/** Status 200 to 399: what is expected where no rule says anything. */
export function defaultHttpExpect(place: HttpExpectPlace): ExpectStep {
  return httpExpectStep(
    statusMatch([[200, 399]]),
    {
      match: { inverse: false },
      minRecv: -1,
      comment: undefined,
      okStatus: undefined,
      errorStatus: undefined,
      timeoutStatus: undefined,
      onSuccess: undefined,
      onError: undefined,
      statusCode: undefined,
    },
    place,
  );
}

type Settings = Omit<ExpectOptions, 'match'> & { readonly match: { readonly inverse: boolean } };

function httpExpectStep(match: Match, options: Settings, place: HttpExpectPlace): ExpectStep {
  const { onError, okStatus, timeoutStatus, onSuccess, statusCode } = options;
  const comment = options.comment ?? place.comment;
  const wording = { step: place.index + 1, comment, onError, pattern: match.pattern, readyMade: false };
  return {
    kind: 'expect',
    index: place.index,
    head: place.head,
    name: match.name,
    inverse: options.match.inverse,
    ...(comment !== undefined && { comment }),
    ...(okStatus !== undefined && { okStatus }),
    ...(timeoutStatus !== undefined && { timeoutStatus }),
    ...(onSuccess !== undefined && { onSuccess }),
    ...(statusCode !== undefined && { statusCode }),
    judge: (facts, last) => judge(facts, last, match, options, wording, place),
  };
}

function judge(
  facts: CheckFacts,
  noMore: boolean,
  match: Match,
  { match: { inverse }, errorStatus, onError, statusCode }: Settings,
  wording: ExpectWording,
  { disableOn404 }: HttpExpectPlace,
): Verdict {
  const last = noMore || facts.full;
  const answer = facts.answer(last);
  const fail = (status: CheckFinding['status'], matched: boolean, info: string): CheckFinding => ({
    status,
    info: errorText(facts, wording, matched, info),
    code: statusCode?.(facts) ?? facts.code,
  });
  // without a head there is no answer
  if (answer === 'invalid' || (answer === 'incomplete' && last))
    return fail('L7RSP', false, onError === undefined ? emptyText(wording.step) : '');
  if (answer === 'incomplete') return 'wait';
  facts.code = answer.status;
  // judged at the end, where the server's state decides what it means
  if (disableOn404 && answer.status === 404 && facts.serverServes) return 'passed';
  const found = match.test(answer, facts);
  if (found === 'wait') return 'wait';
  if (typeof found === 'object') return fail('L7RSP', false, found.error);
  if (found !== inverse) return 'passed';
  return fail(errorStatus ?? match.status, found, onError === undefined ? match.info(answer) : '');
}

function compileMatch(options: ExpectOptions, expressions: CheckExpressions): Match | undefined {
  const { match } = options;
  const { kind, pattern } = match;
  switch (kind) {
    case 'status':
      return readStatuses(pattern, expressions);
    case 'rstatus': {
      const test = expressions.regex(pattern);
      return (
        test && {
          ...statusMatch([]),
          name: 'expect HTTP status regex',
          pattern: ' (regex)',
          test: answer => test(String(answer.status)),
        }
      );
    }
    case 'hdr':
    case 'fhdr': {
      const test = compileHeaderMatch(match, expressions);
      return (
        test && { ...statusMatch([]), name: 'expect HTTP header pattern', pattern: ' (header pattern)', test }
      );
    }
    case 'string':
      return bodyMatch(options, ` body content '${pattern.text}'`, ` '${pattern.text}'`, {
        least: () => pattern.text.length,
        test: body => body.includes(pattern.text),
      });
    case 'rstring': {
      const test = expressions.regex(pattern);
      return test && bodyMatch(options, ' body regex', ' (regex)', { least: () => 0, test });
    }
    default: {
      const format = expressions.format(pattern);
      return format && formatBodyMatch(options, format);
    }
  }
}

type Range = readonly [low: number, high: number];

/** `200,300-399` */
function readStatuses(pattern: Word, expressions: CheckExpressions): Match | undefined {
  const ranges = pattern.text.split(',').map((part): Range | undefined => {
    const found = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (found === null) return undefined;
    const low = Number(found[1]);
    const high = Number(found[2] ?? low);
    return low > high ? undefined : [low, high];
  });
  if (ranges.every(range => range !== undefined)) return statusMatch(ranges);
  expressions.report('alert', pattern.position, `invalid list of status codes '${pattern.text}'`);
  return undefined;
}

function statusMatch(ranges: readonly Range[]): Match {
  return {
    name: 'expect HTTP status codes',
    pattern: '(status codes)',
    status: 'L7STS',
    info: answer => answer.reason,
    test: ({ status }) => ranges.some(([low, high]) => status >= low && status <= high),
  };
}

interface BodyTest {
  readonly least: (facts: CheckFacts) => number;
  readonly test: (body: string, facts: CheckFacts) => boolean;
}

/** A mismatch is final only when no more of the body comes, or `min-recv` has. */
function bodyMatch(
  { match: { inverse }, minRecv }: ExpectOptions,
  name: string,
  pattern: string,
  { least, test }: BodyTest,
): Match {
  return {
    name: `expect${name.startsWith(' log') ? '' : ' HTTP'}${name}`,
    pattern,
    status: 'L7RSP',
    info: ({ body }) =>
      body === ''
        ? 'HTTP content check could not find a response body'
        : inverse
          ? 'HTTP check matched unwanted content'
          : 'HTTP content check did not match',
    test: ({ body, complete }, facts) => {
      // failing either way: no body is no match, nor the absence of one
      if (body === '') return complete ? inverse : 'wait';
      if (!complete && (body.length < least(facts) || body.length < minRecv)) return 'wait';
      const found = test(body, facts);
      return !found && !complete && minRecv === -1 ? 'wait' : found;
    },
  };
}

function formatBodyMatch(options: ExpectOptions, format: (facts: CheckFacts) => string): Match {
  const match = bodyMatch(options, ' log-format HTTP body', ' (log-format string)', {
    least: facts => format(facts).length,
    test: (body, facts) => body.includes(format(facts)),
  });
  return {
    ...match,
    test: (answer, facts) =>
      answer.body !== '' && format(facts) === ''
        ? { error: 'log-format string evaluated to an empty string' }
        : match.test(answer, facts),
  };
}
