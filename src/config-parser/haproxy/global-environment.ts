/** `setenv`, `presetenv`, `unsetenv`, `resetenv`: they count for the lines below them. */
import type { Word } from '../../model/word.ts';
import type { LineContext } from '../line-context.ts';
import type { GlobalKeyword } from './global-rows.ts';
import type { GlobalDraft } from './global-draft.ts';

function row(
  name: string,
  args: string,
  arity: readonly [number, number],
  summary: string,
  apply: (words: readonly Word[], context: LineContext) => void,
): GlobalKeyword {
  const parse = (_draft: GlobalDraft, words: readonly Word[], context: LineContext): void =>
    apply(words, context);
  return { name, sections: ['global'], args, arity, summary, parse };
}

export const GLOBAL_ENVIRONMENT_KEYWORDS: readonly GlobalKeyword[] = [
  row('setenv', '<name> <value>', [2, 2], 'sets an environment variable', ([name, value], context) =>
    context.variables.set((name as Word).text, (value as Word).text),
  ),
  row(
    'presetenv',
    '<name> <value>',
    [2, 2],
    'sets an environment variable that does not exist yet',
    ([name, value], context) => context.variables.preset((name as Word).text, (value as Word).text),
  ),
  row('unsetenv', '<name> ...', [1, 64], 'removes environment variables', (words, context) => {
    for (const { text } of words) context.variables.unset(text);
  }),
  row(
    'resetenv',
    '[<name> ...]',
    [0, 64],
    'removes all environment variables but these',
    (words, context) => {
      context.variables.keepOnly(new Set(words.map(({ text }) => text)));
    },
  ),
];
