/** `show resolvers`: what the nameservers have been asked, and how they have answered. */
import { NAMESERVER_COUNTERS } from '../../dns/counters.ts';
import type { Resolvers } from '../../dns/resolvers.ts';
import { dump, fail, type Answer, type Call, type Command } from '../command.ts';

const COLUMN = 13;

function showResolvers({ args, runtime }: Call): Answer {
  const wanted = args.at(2);
  const sections = runtime.resolvers().filter(({ settings }) => wanted === '' || settings.name === wanted);
  if (wanted !== '' && sections.length === 0) return fail(`Can't find that resolvers section`);
  if (sections.length === 0) return dump(['No resolvers found\n']);
  return dump(sections.map(renderSection));
}

function renderSection({ settings, nameservers }: Resolvers): string {
  const lines = nameservers.flatMap(({ name, counters }) => [
    ` nameserver ${name}:`,
    ...NAMESERVER_COUNTERS.map(counter => `  ${`${counter}:`.padEnd(COLUMN)}${counters[counter]}`),
  ]);
  return `${[`Resolvers section ${settings.name}`, ...lines].join('\n')}\n`;
}

export const RESOLVERS_COMMANDS: readonly Command[] = [
  {
    words: 'show resolvers',
    args: '[<section>]',
    summary: 'questions to nameservers and their answers',
    level: 'user',
    run: showResolvers,
  },
];
