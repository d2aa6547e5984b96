/** `tcp-check send`, `send-lf`, `send-binary`, `send-binary-lf` (manual, section 4.2). */
import type { Word } from '../model/word.ts';
import type { CheckFacts } from './check-facts.ts';
import { fromHex } from './compile-tcp-expect.ts';
import type { CheckExpressions } from './expressions.ts';
import type { SendStep } from './ruleset.ts';

/** `rule`: from the word `send...` on. Undefined after a mistake. */
export function compileTcpSend(
  rule: readonly Word[],
  index: number,
  expressions: CheckExpressions,
): SendStep | undefined {
  const [name, data, , comment] = rule;
  if (name === undefined || data === undefined) return undefined;
  const compose = compileData(name.text, data, index, expressions);
  return compose && { kind: 'send', index, compose, ...(comment !== undefined && { comment: comment.text }) };
}

function compileData(
  name: string,
  data: Word,
  index: number,
  expressions: CheckExpressions,
): SendStep['compose'] | undefined {
  if (!name.endsWith('-lf')) {
    const bytes = Buffer.from(data.text, name === 'send-binary' ? 'hex' : 'latin1');
    return () => bytes;
  }
  const format = expressions.format(data);
  if (format === undefined) return undefined;
  if (name === 'send-lf') return facts => Buffer.from(format(facts), 'latin1');
  return facts => {
    const bytes = fromHex(format(facts));
    const mistake = `tcp-check send : failed to build log-format string at step ${index + 1}`;
    return bytes === undefined ? mistake : Buffer.from(bytes, 'latin1');
  };
}

/** A send that is the same every time. */
export function plainSend(bytes: Buffer, index: number): SendStep {
  return { kind: 'send', index, compose: () => bytes };
}

/** One that is made anew each time. */
export function composedSend(compose: (facts: CheckFacts) => Buffer, index: number): SendStep {
  return { kind: 'send', index, compose };
}
