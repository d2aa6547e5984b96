/** `option smtpchk`: the greeting, HELO or EHLO, QUIT; each has to be answered with a code from 200 to 299. */
import type { CheckFacts } from '../check-facts.ts';
import { plainSend } from '../compile-send.ts';
import type { Step, Verdict } from '../ruleset.ts';
import { answerStep, CLEAN_CONNECT, firstLine } from './answer.ts';

/** RFC 5321, section 4.2.1: all lines but the last have a hyphen behind the code. */
const WHOLE_ANSWER = /^(?:[0-9]{3}-[^\r\n]*\r?\n)*[0-9]{3}(?: [^\r\n]*)?\r?\n/;
const BEGINS_LIKE_ONE = /^[0-9]{3}[- \r]/;
const LEAST = 4;

/** `[<hello> <domain>]` */
export function smtpSteps([hello, domain]: readonly string[]): Step[] {
  const named = domain !== undefined && (hello === 'EHLO' || hello === 'HELO');
  const command = named ? `${hello} ${domain}` : 'HELO localhost';
  const told = { least: LEAST, onSuccess: spoken, statusCode: codeOf };
  const later = { ...told, emptyStatus: 'L7STS' } as const;
  // numbered as if the greeting took two steps: it is one, then its code
  return [
    CLEAN_CONNECT,
    answerStep(1, judgeAnswer, told),
    plainSend(Buffer.from(`${command}\r\n`, 'latin1'), 3),
    answerStep(4, judgeAnswer, later),
    plainSend(Buffer.from('QUIT\r\n'), 5),
    answerStep(6, judgeAnswer, later),
  ];
}

/** A whole answer with a code of 2xx. What cannot be one is refused at once. */
function judgeAnswer(facts: CheckFacts, last: boolean): Verdict {
  const { text } = facts;
  if (!BEGINS_LIKE_ONE.test(text)) return { status: 'L7RSP', info: firstLine(text) };
  if (!WHOLE_ANSWER.test(text) && !last) return 'wait';
  return text.startsWith('2') ? 'passed' : { status: 'L7STS', code: codeOf(facts), info: spoken(facts) };
}

function codeOf({ text }: CheckFacts): number {
  const code = /^\d{1,3}/.exec(text)?.[0];
  return code === undefined ? 0 : Number(code);
}

/** What stands behind the code. */
function spoken({ text }: CheckFacts): string {
  return firstLine(text.slice(4).replace(/^ +/, ''));
}
