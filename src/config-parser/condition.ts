/**
 * `if` / `unless` behind a rule (manual, section 7.2): terms side by side are ANDed, `or` and `||` start another
 * alternative, `!` negates, `{ ... }` holds an anonymous ACL. Only the shape is read here: the expressions
 * between the braces are compiled by acl/.
 */
import type { Condition, Term, Word } from '../model/word.ts';
import type { LineContext } from './line-context.ts';
import { parsed, refused } from './parsed.ts';
import type { Parsed } from './parsed.ts';

/** Where `if` or `unless` stands outside braces; the number of words when there is none. */
export function findCondition(words: readonly Word[]): number {
  const index = words.findIndex(({ text }) => text === 'if' || text === 'unless');
  return index < 0 ? words.length : index;
}

/** How many `!` stand in front, and the text without them. */
function cutNegations(text: string): { readonly negations: number; readonly rest: string } {
  let negations = 0;
  while (text[negations] === '!') negations++;
  return { negations, rest: text.slice(negations) };
}

function isOr(text: string): boolean {
  return text === '||' || text.toLowerCase() === 'or';
}

function readTerms(words: readonly Word[]): Parsed<readonly (readonly Term[])[]> {
  const alternatives: Term[][] = [];
  let terms: Term[] | undefined;
  let negated = false;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as Word;
    const { negations, rest } = cutNegations(word.text);
    if (negations % 2 === 1) negated = !negated;
    if (rest === '') continue;
    if (isOr(rest)) {
      terms = undefined;
      negated = false;
      continue;
    }
    if (terms === undefined) alternatives.push((terms = []));
    if (rest === '{') {
      const end = words.findIndex(({ text }, at) => at > index && text === '}');
      if (end < 0) return refused(`missing closing '}' in condition`);
      if (end === index + 1) return refused('missing fetch method');
      terms.push({ negated, position: word.position, words: words.slice(index + 1, end) });
      index = end;
    } else {
      terms.push({ negated, position: word.position, name: rest });
    }
    negated = false;
  }
  return parsed(alternatives);
}

/** Words from `if` or `unless` to the end of the line. */
export function readCondition(words: readonly Word[]): Parsed<Condition> {
  const [first, ...rest] = words;
  if (first === undefined || (first.text !== 'if' && first.text !== 'unless'))
    return refused(`conditions must start with either 'if' or 'unless'`);
  const alternatives = readTerms(rest);
  if (alternatives.error !== undefined) return refused(alternatives.error);
  return parsed({ kind: first.text, position: first.position, alternatives: alternatives.value });
}

/** As `readCondition`, reporting what is wrong; `what` names the place: `an 'http-request deny' condition`. */
export function parseCondition(
  words: readonly Word[],
  context: LineContext,
  what: string = `a '${context.line[0]?.text ?? ''}' condition`,
): Condition | undefined {
  const condition = readCondition(words);
  if (condition.error === undefined) {
    const { kind, position, alternatives } = condition.value;
    return { kind, position, alternatives, what };
  }
  context.alert(words[0] ?? context.position, `error detected while parsing ${what} : ${condition.error}.`);
  return undefined;
}
