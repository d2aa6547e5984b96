/** Commands about the connection itself: mode, prompt, level, timeout, how answers look. */
import { fail, say, type Answer, type Call as AnyCall, type Command } from '../command.ts';
import { type Level } from '../level.ts';
import { LONGEST_TIMER_MS, parseDelay } from '../units.ts';

/** They ask nothing of the process. */
type Call = AnyCall<unknown>;

const PROMPT_USAGE = `Usage: prompt [help | n | i | p | timed]*
Sets how lines are read and answered:
  help    this text
  n       one line, then the connection ends
  i       line after line, without a prompt
  p       line after line, with a prompt
  timed   shows the uptime in the prompt, or not any more
Alone it changes to 'p', and from there to 'n'.
`;

function prompt({ args, session }: Call): Answer {
  const words = args.from(1);
  if (words.includes('help')) return say(PROMPT_USAGE);
  if (words.some(word => !['n', 'i', 'p', 'timed'].includes(word))) return fail(PROMPT_USAGE);
  const timed = words.includes('timed');
  if (timed) session.timedPrompt = !session.timedPrompt;
  const isPrompt = session.prompt && session.interactive;
  const mode = words.findLast(word => word !== 'timed') ?? (timed || !isPrompt ? 'p' : 'n');
  session.prompt = mode === 'p';
  session.interactive = mode !== 'n';
  return undefined;
}

/** Nobody gets a higher level than he has; special modes end with the change. */
function lowerTo(level: Level): (call: Call) => Answer {
  return ({ args, session }) => {
    if (args.at(1) === '-') session.skipLineEnd = true;
    session.level = level;
    session.expert = false;
    session.experimental = false;
    return undefined;
  };
}

function modeSwitch(mode: 'expert' | 'experimental'): (call: Call) => Answer {
  return ({ args, session }) => {
    if (args.at(2) === '-') session.skipLineEnd = true;
    if (args.at(1) === '') return say(`${mode}-mode is ${session[mode] ? 'ON' : 'OFF'}`);
    session[mode] = args.at(1) === 'on';
    return undefined;
  };
}

/** 32 bits of seconds; less than one is one. */
const LONGEST_MS = 0xffff_ffff * 1000;

function setTimeout({ args, session }: Call): Answer {
  if (args.at(2) !== 'cli') return fail(`'set timeout' only supports 'cli'.`);
  if (args.at(3) === '') return fail('Expects an integer value.');
  const ms = parseDelay(args.at(3), 's');
  if (ms === undefined || ms <= 0 || ms > LONGEST_MS) return fail('Invalid timeout value.');
  session.timeoutMs = Math.min(Math.ceil(ms / 1000) * 1000, LONGEST_TIMER_MS);
  return undefined;
}

function setSeverityOutput({ args, session }: Call): Answer {
  if (args.at(3) === '-') session.skipLineEnd = true;
  const wanted = args.at(2);
  if (wanted !== 'none' && wanted !== 'number' && wanted !== 'string')
    return fail(`one of 'none', 'number', 'string' is a required argument`);
  session.severityOutput = wanted;
  return undefined;
}

export const CONNECTION_COMMANDS: readonly Command<unknown>[] = [
  {
    words: 'echo',
    args: '<text>',
    summary: 'says the text',
    level: 'user',
    run: ({ args }) => say(args.from(1).join(' ')),
  },
  { words: 'prompt', summary: 'interactive mode, prompt', level: 'user', hidden: true, run: prompt },
  {
    words: 'quit',
    summary: 'ends the connection',
    level: 'user',
    hidden: true,
    run: ({ session }) => {
      session.closing = true;
      return undefined;
    },
  },
  {
    words: 'operator',
    summary: 'lowers the level of this connection to operator',
    level: 'operator',
    run: lowerTo('operator'),
  },
  {
    words: 'user',
    summary: 'lowers the level of this connection to user',
    level: 'user',
    run: lowerTo('user'),
  },
  {
    words: 'expert-mode',
    args: '[on|off]',
    summary: 'allows dangerous commands',
    level: 'admin',
    hidden: true,
    run: modeSwitch('expert'),
  },
  {
    words: 'experimental-mode',
    args: '[on|off]',
    summary: 'allows commands still in development',
    level: 'admin',
    hidden: true,
    run: modeSwitch('experimental'),
  },
  {
    words: 'set timeout',
    args: '[cli] <delay>',
    summary: 'how long this connection may be idle',
    level: 'user',
    run: setTimeout,
  },
  {
    words: 'set severity-output',
    args: '[none|number|string]',
    summary: 'severities in front of messages',
    level: 'user',
    run: setSeverityOutput,
  },
  {
    words: 'show cli level',
    summary: 'level of this connection',
    level: 'user',
    run: ({ session }) => say(session.level),
  },
];
