/** `option redis-check`: PING is answered with PONG. */
import { plainSend } from '../compile-send.ts';
import type { Step } from '../ruleset.ts';
import { answerStep, firstLine } from './answer.ts';

const PING = Buffer.from('*1\r\n$4\r\nPING\r\n');
const PONG = '+PONG\r\n';

export function redisSteps(): Step[] {
  return [
    plainSend(PING, 0),
    answerStep(
      1,
      (facts, last) => {
        if (facts.text.includes(PONG)) return 'passed';
        // RESP: a line that begins so is an error, and whole
        const refused = /^-[^\r\n]*\r\n/.test(facts.text);
        return last || refused ? { status: 'L7STS', info: firstLine(facts.text) } : 'wait';
      },
      { least: PONG.length, emptyStatus: 'L7STS', onSuccess: () => 'Redis server is ok' },
    ),
  ];
}
