/** Commands about what this process never has: they answer as HAProxy does where nothing of the kind is configured. */
import { dump, fail, type Command } from '../command.ts';

export const NOT_CONFIGURED_COMMANDS: readonly Command[] = [
  {
    words: 'show peers',
    args: '[dict|-] [section]',
    summary: 'sessions with peers',
    level: 'user',
    run: ({ args }) => (args.at(2) === '' ? dump(['']) : fail('No such peers')),
  },
];
