/** Commands of HAProxy that this program has nothing for: who sends them is told so, and what to do instead. */
import { fail, type Command } from '../command.ts';

const ROWS: readonly (readonly [words: string, text: string, mode?: 'expert' | 'experimental'])[] = [
  ['httpclient', 'There is no HTTP client for commands: ask with another program, such as curl.', 'expert'],
];

export const NOT_BUILT_COMMANDS: readonly Command[] = ROWS.map(([words, text, mode]) => ({
  words,
  summary: 'not in this program',
  level: 'admin',
  hidden: true,
  ...(mode !== undefined && { mode }),
  run: () => fail(text),
}));
