/** `option smtpchk`: the greeting, HELO or EHLO, QUIT; each has to be answered with a code from 200 to 299. */
import type { CheckFacts } from '../check-facts.ts';
import { plainSend } from '../compile-send.ts';
import type { Step } from '../ruleset.ts';
import type { CheckFinding } from '../status.ts';
import { answerStep, CLEAN_CONNECT, firstLine, matching } from './answer.ts';

const ANSWER = /^[0-9]{3}[ \r]/;
const GREETING = /^2[0-9]{2}[ \r]/;
/** RFC 5321, section 4.2.1: all lines but the last have a hyphen behind the code. */
const WHOLE_ANSWER = /^(?:2[0-9]{2}-[^\r]*\r\n)*2[0-9]{2}[ \r]/;
const GOODBYE = /^2[0-9]{2}[- \r]/;

/** `[<hello> <domain>]` */
export function smtpSteps([hello, domain]: readonly string[]): Step[] {
  const named = domain !== undefined && (hello === 'EHLO' || hello === 'HELO');
  const command = named ? `${hello} ${domain}` : 'HELO localhost';
  const told = { onSuccess: spoken, statusCode: codeOf };
  return [
    CLEAN_CONNECT,
    answerStep(
      1,
      matching(ANSWER, ({ text }) => ({ status: 'L7RSP', info: firstLine(text) }), false),
      {
        least: 4,
      },
    ),
    answerStep(2, matching(GREETING, refused, false), { least: 4, statusCode: codeOf }),
    plainSend(Buffer.from(`${command}\r\n`, 'latin1'), 3),
    answerStep(4, matching(WHOLE_ANSWER, refused, true), told),
    plainSend(Buffer.from('QUIT\r\n'), 5),
    answerStep(6, matching(GOODBYE, refused, false), { ...told, least: 4 }),
  ];
}

function codeOf({ text }: CheckFacts): number {
  const code = /^\d{1,3}/.exec(text)?.[0];
  return code === undefined ? 0 : Number(code);
}

/** What stands behind the code. */
function spoken({ text }: CheckFacts): string {
  return firstLine(text.slice(4).replace(/^ +/, ''));
}

function refused(facts: CheckFacts): CheckFinding {
  return { status: 'L7STS', code: codeOf(facts), info: spoken(facts) };
}
