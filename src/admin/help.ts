/** What `help`, and a line that is no command, show: the commands that begin with these words, or resemble them. */
import { nearestName } from '../config-parser/nearest.ts';
import type { Command as AnyCommand, Session, Words } from './command.ts';

/** What it runs on does not matter here. */
type Command = Pick<AnyCommand, 'words' | 'args' | 'summary' | 'hidden' | 'mode'>;

const COLUMN = 40;
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
  return [headline(isHelp, words, matching.length < listed.length), ...lines, ...ALWAYS].join('\n');
}

function headline(isHelp: boolean, words: readonly string[], partly: boolean): string {
  if (isHelp) return 'The following commands are valid at this level:';
  const unknown = `Unknown command: '${words[0] ?? ''}'`;
  return partly
    ? `${unknown}, but maybe one of the following ones is a better match:`
    : `${unknown}. Please enter one of the following commands only:`;
}

/** By the most words in common from the left; of those by the word behind, if one of them comes close to it. */
function commandsLike(commands: readonly Command[], words: readonly string[]): readonly Command[] {
  const split = commands.map(command => ({ command, own: command.words.split(' ') }));
  const common = Math.max(0, ...split.map(({ own }) => wordsInCommon(own, words)));
  const sharing = split.filter(({ own }) => wordsInCommon(own, words) === common);
  const next = words[common];
  if (next === undefined) return sharing.map(({ command }) => command);
  const candidates = sharing.flatMap(({ own }) => own[common] ?? []);
  const near = nearestName(next, candidates) ?? candidates.find(word => word.startsWith(next));
  const kept = near === undefined ? sharing : sharing.filter(({ own }) => own[common] === near);
  return kept.map(({ command }) => command);
}

function wordsInCommon(own: readonly string[], words: readonly string[]): number {
  let count = 0;
  while (count < own.length && count < words.length && own[count] === words[count]) count++;
  return count;
}
