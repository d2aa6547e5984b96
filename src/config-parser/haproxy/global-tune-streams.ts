/**
 * What `tune.h2.fe.max-concurrent-streams` takes (manual, section 3.2). The number counts; what stands behind it moderates
 * it by the load of HAProxy's run queue, which there is none of here, and is checked and reported.
 */
import type { Word } from '../../model/word.ts';
import { integer, type Shape } from '../argument-shape.ts';
import type { LineContext } from '../line-context.ts';
import { parseInteger } from '../units.ts';

const MAX = 0x7fffffff;
const NUMBER = integer(0, MAX);

export const CLIENT_STREAMS: Shape = {
  args: '<number> [rq-load { <number> | auto | ignore }] [min <number>]',
  arity: [1, 64],
  read: (words, name, context) => {
    const most = NUMBER.read(words, name, context);
    if (most === undefined) return undefined;
    for (let at = 1; at < words.length; at += 2)
      if (!readPair(words[at] as Word, words[at + 1], Number(most), name, context)) return undefined;
    return most;
  },
};

/** False after an error was reported. */
function readPair(
  word: Word,
  value: Word | undefined,
  most: number,
  name: string,
  context: LineContext,
): boolean {
  const trouble = troubleOf(word.text, value?.text ?? '', most);
  if (trouble !== undefined) context.alert(value ?? word, `'${name}' ${trouble}`);
  else if (value?.text !== 'ignore')
    context.warn(
      word,
      `'${name}' : '${word.text} ${value?.text}' is ignored: the number of streams does not follow the load.`,
    );
  return trouble === undefined;
}

function troubleOf(word: string, value: string, most: number): string | undefined {
  const number = parseInteger(value, 1, MAX);
  const isNumber = number.error === undefined;
  if (word === 'rq-load') {
    if (isNumber || value === 'auto' || value === 'ignore') return undefined;
    return `expects a positive number, 'auto' or 'ignore' behind 'rq-load', found '${value}'.`;
  }
  if (word !== 'min') return `expects 'rq-load' or 'min' behind the number, found '${word}'.`;
  if (!isNumber) return `expects a positive number behind 'min', found '${value}'.`;
  return number.value > most ? `expects a 'min' of at most ${most}, found ${value}.` : undefined;
}
