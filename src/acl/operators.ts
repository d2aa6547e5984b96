/** `eq ge gt le lt` in front of numbers, rewritten as ranges (manual, section 7.1.4). */
import type { Word } from '../model/word.ts';
import { parseDotted } from './match/number.ts';

type Operator = 'eq' | 'ge' | 'gt' | 'le' | 'lt';

const OPERATORS: ReadonlySet<string> = new Set(['eq', 'ge', 'gt', 'le', 'lt']);

/** An operator holds for all numbers up to the next one; ranges stay as they are. */
export function rewriteOperators(
  words: readonly Word[],
  isDotted: boolean,
): readonly Word[] | { readonly error: string; readonly at: Word } {
  const patterns: Word[] = [];
  let operator: Operator = 'eq';
  for (const word of words) {
    if (OPERATORS.has(word.text)) operator = word.text as Operator;
    else if (operator === 'eq' || /[:-]/.test(word.text)) patterns.push(word);
    else {
      const text = rewrite(word.text, operator, isDotted);
      if (text === undefined)
        return { error: `'${word.text}' is neither a number nor a supported operator`, at: word };
      patterns.push({ ...word, text });
    }
  }
  return patterns;
}

function rewrite(text: string, operator: Exclude<Operator, 'eq'>, isDotted: boolean): string | undefined {
  const value = isDotted ? parseDotted(text) : /^[0-9]+$/.test(text) ? BigInt(text) : undefined;
  if (value === undefined) return undefined;
  const bound = BigInt(value) + (operator === 'gt' ? 1n : operator === 'lt' ? -1n : 0n);
  const isUpper = operator === 'le' || operator === 'lt';
  const rendered = isDotted ? `${bound >> 16n}.${bound & 65535n}` : String(bound);
  return isUpper ? `:${rendered}` : `${rendered}:`;
}
