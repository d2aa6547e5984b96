/**
 * `set anon`: names and addresses are hidden in what this connection is answered (`show sess`, `show servers`), so
 * that it may be shown to others (management manual).
 */
import { randomInt } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import { anonymised, HIGHEST_ANON_KEY } from '../../base/anonymity.ts';
import { allows } from '../level.ts';
import { fail, say, type Answer, type Call, type Command, type Session } from '../command.ts';

/** How one connection sees names; without a key as they are. */
export interface Hider {
  name(text: string): string;
  /** Addresses of this host tell nothing about anybody. */
  address(text: string): string;
  /** The same, with a port behind it that stays. */
  endpoint(text: string): string;
}

const SHOWS_ALL: Hider = { name: text => text, address: text => text, endpoint: text => text };

export function hiderOf({ anonKey: key }: Session): Hider {
  if (key === 0) return SHOWS_ALL;
  const name = (text: string): string => (text === '' ? text : anonymised(text, key));
  const address = (text: string): string => {
    if (text === '-' || text === '::1' || /^(?:127|255|0)/.test(text)) return text;
    const family = isIPv4(text) ? 'IPV4' : isIPv6(text) ? 'IPV6' : undefined;
    return family === undefined ? name(text) : `${family}(${anonymised(text, key)})`;
  };
  const endpoint = (text: string): string => {
    const [, host, port] = /^(.*):(\d+)$/.exec(text) ?? [];
    return host === undefined || host === 'unix' ? text : `${anonymised(host, key)}:${port}`;
  };
  return { name, address, endpoint };
}

function keyIn(text: string, least: number): number | string {
  const key = Number.parseInt(text, 10) || 0;
  if (key >= least && key <= HIGHEST_ANON_KEY) return key;
  return `Value out of range (${least} to ${HIGHEST_ANON_KEY} expected).`;
}

function anonOn({ args, session, runtime }: Call): Answer {
  const chosen = args.at(3) === '' ? undefined : keyIn(args.at(3), 1);
  if (typeof chosen === 'string') return fail(chosen);
  session.anonKey = chosen ?? (runtime.anonymity.key || randomInt(1, 2 ** 32));
  return undefined;
}

function anonOff({ args, session }: Call): Answer {
  if (args.at(3) !== '') return fail(`Key can't be added while disabling anonymized mode`);
  session.anonKey = 0;
  return undefined;
}

function setGlobalKey({ args, runtime }: Call): Answer {
  if (args.at(3) === '') return fail('Expects an integer value.');
  const key = keyIn(args.at(3), 0);
  if (typeof key === 'string') return fail(key);
  runtime.anonymity.key = key;
  return undefined;
}

/** The key is for those who may know more. */
function showAnon({ session }: Call): Answer {
  if (session.anonKey === 0) return say('Anonymized mode disabled');
  const key = allows(session.level, 'operator') ? `\nKey : ${session.anonKey}` : '';
  return say(`Anonymized mode enabled${key}`);
}

export const ANONYMITY_COMMANDS: readonly Command[] = [
  {
    words: 'set anon on',
    args: '[value]',
    summary: 'hides names and addresses in answers to this connection',
    level: 'user',
    run: anonOn,
  },
  { words: 'set anon off', summary: 'shows them again', level: 'user', run: anonOff },
  {
    words: 'set anon global-key',
    args: '<value>',
    summary: 'the key for those who name none',
    level: 'admin',
    run: setGlobalKey,
  },
  { words: 'show anon', summary: 'whether names are hidden', level: 'user', run: showAnon },
  {
    words: 'debug dev hash',
    args: '[msg]',
    summary: 'a text as it is shown when names are hidden',
    level: 'user',
    run: ({ args, session }) => say(hiderOf(session).name(args.at(3))),
  },
];
