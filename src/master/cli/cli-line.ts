/**
 * One line of the master's admin socket: what is about the connection is carried out, the rest says to whom it goes
 * (management guide, section 9.4.1). Pure.
 */
import { allows, type Level } from '../../admin/level.ts';
import { splitWords, TOO_MANY_WORDS } from '../../admin/line-reader.ts';

/** The master itself, where a worker's process number could stand. */
export const MASTER = 0;

/** What a connection has set. */
export interface CliState {
  level: Level;
  expert: boolean;
  experimental: boolean;
  debug: boolean;
  severity: 'none' | 'number' | 'string';
  prompt: boolean;
  timedPrompt: boolean;
  /** Where commands without a prefix go. */
  target: number;
}

type Directive =
  | { readonly kind: 'done' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'error'; readonly text: string }
  /** `command` goes to a process. */
  | { readonly kind: 'send'; readonly target: number; readonly command: string };

/** Undefined: there is no such process. */
export type FindProcess = (prefix: string) => number | undefined;

const PROMPT_USAGE = `Usage: prompt [help | i | p | timed]*
Sets how answers are given:
  help    this text
  i       line after line, without a prompt
  p       line after line, with a prompt
  timed   shows the uptime in the prompt, or not any more
Alone it changes between 'p' and 'i'.
`;

const DONE: Directive = { kind: 'done' };
const DENIED: Directive = { kind: 'error', text: 'Permission denied!\n' };

type Handler = (state: CliState, words: readonly string[]) => Directive | undefined;

const OWN: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['prompt', setPrompt],
  ['quit', () => ({ kind: 'quit' })],
  ['operator', lowerTo('operator')],
  ['user', lowerTo('user')],
  ['expert-mode', mode('expert')],
  ['experimental-mode', mode('experimental')],
  ['mcli-debug-mode', mode('debug')],
  ['set', setSeverity],
]);

/** `command`: up to a `;` or the line's end, without it. */
export function readCommand(command: string, state: CliState, find: FindProcess): Directive {
  const words = splitWords(command)?.from(0);
  if (words === undefined) return { kind: 'error', text: `${TOO_MANY_WORDS}\n` };
  const [first] = words;
  if (first?.startsWith('@') === true) return readPrefix(command, words, state, find);
  const own = first === undefined ? undefined : OWN.get(first)?.(state, words);
  return own ?? { kind: 'send', target: state.target, command };
}

function readPrefix(
  command: string,
  [prefix = '', ...rest]: readonly string[],
  state: CliState,
  find: FindProcess,
): Directive {
  const target = find(prefix);
  if (target === undefined) return { kind: 'error', text: noSuchProcess(prefix) };
  if (rest.length > 0)
    return { kind: 'send', target, command: command.trimStart().slice(prefix.length).trimStart() };
  state.target = target;
  return DONE;
}

export function noSuchProcess(prefix: string): string {
  return `Can't find the target PID matching the prefix '${prefix}'\n`;
}

function setPrompt(state: CliState, words: readonly string[]): Directive {
  const asked = words.slice(1);
  if (asked.some(word => !['i', 'p', 'timed'].includes(word))) return { kind: 'error', text: PROMPT_USAGE };
  const timed = asked.includes('timed');
  if (timed) state.timedPrompt = !state.timedPrompt;
  const wanted = asked.findLast(word => word !== 'timed') ?? (timed || !state.prompt ? 'p' : 'i');
  state.prompt = wanted === 'p';
  return DONE;
}

function lowerTo(level: Level): Handler {
  return state => {
    if (!allows(state.level, level)) return DENIED;
    state.level = level;
    return DONE;
  };
}

function mode(name: 'expert' | 'experimental' | 'debug'): Handler {
  return (state, words) => {
    if (!allows(state.level, 'admin')) return DENIED;
    state[name] = words[1] === 'on';
    return DONE;
  };
}

function setSeverity(state: CliState, words: readonly string[]): Directive | undefined {
  if (words[1] !== 'severity-output') return undefined;
  const wanted = words[2];
  if (wanted !== 'none' && wanted !== 'number' && wanted !== 'string')
    return { kind: 'error', text: `one of 'none', 'number', 'string' is a required argument\n` };
  state.severity = wanted;
  return DONE;
}

/** What has to be said first to a process, which takes every connection for an administrator's. */
export function introduction(state: CliState): string {
  const severity = state.severity === 'none' ? '' : `set severity-output ${state.severity} -;`;
  if (state.level !== 'admin') return `${state.level} -;${severity}`;
  const expert = state.expert ? 'expert-mode on -;' : '';
  const experimental = state.experimental ? 'experimental-mode on -;' : '';
  return severity + expert + experimental;
}

/** `(xed)`: modes, as a prompt shows them. */
export function modeFlags({ expert, experimental, debug }: CliState): string {
  const flags = (experimental ? 'x' : '') + (expert ? 'e' : '') + (debug ? 'd' : '');
  return flags === '' ? '' : `(${flags})`;
}
