/** Steps of ready-made checks: an expectation with its own way to look at the bytes. */
import { IMPLICIT_CONNECT } from '../compile-connect.ts';
import type { CheckStatus } from '../../model/check-status.ts';
import type { CheckFacts } from '../check-facts.ts';
import { emptyText } from '../expect-messages.ts';
import type { ConnectStep, ExpectStep, Verdict } from '../ruleset.ts';

/** A connection that is closed cleanly: some servers complain of a reset. */
export const CLEAN_CONNECT: ConnectStep = { ...IMPLICIT_CONNECT, implicit: false, linger: true };

interface AnswerOptions extends Pick<ExpectStep, 'okStatus' | 'timeoutStatus' | 'onSuccess' | 'statusCode'> {
  /** Bytes without which nothing is judged while more may come. */
  readonly least?: number;
  /** What it means that nothing came before the end. */
  readonly emptyStatus?: CheckStatus;
}

type Judge = (facts: CheckFacts, last: boolean) => Verdict;

/** `index`: of the step among those of the check, from 0. */
export function answerStep(
  index: number,
  judge: Judge,
  { least = 1, emptyStatus = 'L7RSP', ...rest }: AnswerOptions = {},
): ExpectStep {
  return {
    kind: 'expect',
    index,
    name: 'expect custom function',
    inverse: false,
    judge: (facts, noMore) => {
      const last = noMore || facts.full;
      if (facts.length === 0 && last) return { status: emptyStatus, info: emptyText(index + 1) };
      return facts.length < least && !last ? 'wait' : judge(facts, last);
    },
    ...rest,
  };
}

/** Up to the first line end. */
export function firstLine(text: string): string {
  return text.replace(/[\r\n][^]*$/, '');
}

/** A zero-terminated text, latin1. */
export function untilNul(bytes: Buffer, from: number): string {
  const end = bytes.indexOf(0, from);
  return bytes.toString('latin1', from, end < 0 ? bytes.length : end);
}
