/** What `help`, and a line that is no command, show: the commands that begin with these words, or resemble them. */
import { MOST_WORDS, type Command as AnyCommand, type Session, type Words } from './command.ts';
import { distanceBetween } from './likeness.ts';

/** What it runs on does not matter here. */
type Command = Pick<AnyCommand, 'words' | 'args' | 'summary' | 'hidden' | 'mode'>;

const COLUMN = 40;
const MOST_PROPOSED = 5;
/** Halves. */
const FAR = 5;
const LIKE = ', but maybe one of the following ones is a better match:';
const ALWAYS = [
  usageLine('help [<command>]', 'these lines, or those about a command'),
  usageLine('prompt [help | n | i | p | timed ]*', 'interactive mode, prompt'),
  usageLine('quit', 'ends the connection'),
];

function usageLine(usage: string, summary: string): string {
  return `  ${usage.padEnd(COLUMN)}: ${summary}`;
}

export function usageOf({ words, args }: Command): string {
  return args === undefined ? words : `${words} ${args}`;
}

export function renderHelp(commands: readonly Command[], session: Session, asked: Words): string {
  const isHelp = asked.at(0) === 'help';
  const words = asked.from(isHelp ? 1 : 0);
  const listed = commands.filter(
    ({ hidden, mode }) => hidden !== true && (mode === undefined || session[mode]),
  );
  const matching = commandsLike(listed, words);
  const lines = matching
    .map(command => ({ usage: usageOf(command), summary: command.summary }))
    .sort((a, b) => (a.usage < b.usage ? -1 : 1))
    .map(({ usage, summary }) => usageLine(usage, summary));
  return [headline(isHelp, words), ...lines, ...ALWAYS].join('\n');
}

function headline(isHelp: boolean, words: readonly string[]): string {
  if (isHelp) return 'The following commands are valid at this level:';
  const [first = ''] = words;
  const next = first === '' ? '. Please enter one of the following commands only:' : LIKE;
  return `Unknown command: '${first}'${next}`;
}

/** By the most words in common from the left; of those the few whose other words are like those that were said, if any are. */
function commandsLike(commands: readonly Command[], words: readonly string[]): readonly Command[] {
  const split = commands.map(command => ({ command, own: command.words.split(' ') }));
  const common = Math.max(0, ...split.map(({ own }) => wordsInCommon(own, words)));
  const sharing = split.filter(({ own }) => wordsInCommon(own, words) === common);
  const said = words.slice(common, MOST_WORDS);
  const near = said.length === 0 ? [] : nearest(sharing, said, common);
  return (near.length > 0 ? near : sharing).map(({ command }) => command);
}

interface Split {
  readonly command: Command;
  readonly own: readonly string[];
}

/** At most five, none of them much further than the nearest one, and none that has next to nothing in common. */
function nearest(sharing: readonly Split[], said: readonly string[], common: number): readonly Split[] {
  const ranked = sharing
    .map(split => {
      const others = split.own.slice(common);
      return {
        split,
        distance: distanceBetween(said, others),
        letters: [...said, ...others].join('').length,
      };
    })
    .filter(({ distance, letters }) => distance < Math.floor((FAR * letters) / 2))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MOST_PROPOSED);
  const furthest = Math.floor((FAR * (ranked[0]?.distance ?? 0)) / 2);
  return ranked.filter(({ distance }) => distance <= furthest).map(({ split }) => split);
}

function wordsInCommon(own: readonly string[], words: readonly string[]): number {
  let count = 0;
  while (count < own.length && count < words.length && own[count] === words[count]) count++;
  return count;
}
