/** Keywords of the `global` section about logs and the admin socket (manual, section 3.1). */
import type { UnixBind } from '../../model/global.ts';
import type { Word } from '../../model/word.ts';
import { leadingInteger, oneWordOf, text, time } from '../argument-shape.ts';
import type { LineContext } from '../line-context.ts';
import { OF_PROXIES, readBindLine } from './bind-line.ts';
import type { GlobalDraft } from './global-draft.ts';
import { setting } from './global-rows.ts';
import type { GlobalKeyword } from './global-rows.ts';
import { readLogTarget } from './log-target.ts';
import { findGroupId, findUserId } from './system-accounts.ts';

function parseLog(draft: GlobalDraft, words: readonly Word[], context: LineContext): void {
  if (context.prefix === 'no') {
    if (words.length === 0) draft.logs.length = 0;
    else context.alert(words[0] as Word, `'no log' does not expect arguments.`);
    return;
  }
  const target = readLogTarget(words, context);
  if (target !== undefined) draft.logs.push(target);
}

const SOCKET = {
  keyword: 'stats socket',
  port: 'optional',
  ignored: new Set([...OF_PROXIES, 'accept-proxy']),
} as const;

function parseStatsSocket(draft: GlobalDraft, words: readonly Word[], context: LineContext): void {
  for (const bind of readBindLine(words, SOCKET, context))
    draft.statsSockets.push({ ...bind, id: bind.id === 0 ? draft.statsSockets.length + 1 : bind.id });
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const UNIX_OPTIONS: Readonly<
  Record<string, (bind: Mutable<UnixBind>, value: string, context: LineContext) => boolean>
> = {
  prefix: (bind, value) => {
    bind.prefix = value;
    return true;
  },
  mode: (bind, value) => {
    bind.mode = Number.parseInt(value, 8);
    return /^[0-7]+$/.test(value);
  },
  uid: (bind, value) => {
    bind.uid = Number(value);
    return /^\d+$/.test(value);
  },
  gid: (bind, value) => {
    bind.gid = Number(value);
    return /^\d+$/.test(value);
  },
  user: (bind, value, context) => {
    const uid = findUserId(value, context.readFile);
    if (uid !== undefined) bind.uid = uid;
    return uid !== undefined;
  },
  group: (bind, value, context) => {
    const gid = findGroupId(value, context.readFile);
    if (gid !== undefined) bind.gid = gid;
    return gid !== undefined;
  },
};

function parseUnixBind(draft: GlobalDraft, words: readonly Word[], context: LineContext): void {
  const bind: Mutable<UnixBind> = { ...draft.unixBind };
  for (let index = 0; index < words.length; index += 2) {
    const option = words[index] as Word;
    const value = words[index + 1];
    const set = Object.hasOwn(UNIX_OPTIONS, option.text) ? UNIX_OPTIONS[option.text] : undefined;
    if (set === undefined || value === undefined) {
      const known = Object.keys(UNIX_OPTIONS)
        .map(name => `'${name}'`)
        .join(', ');
      context.alert(option, `'unix-bind' only supports the options ${known}, each with a value.`);
      return;
    }
    if (!set(bind, value.text, context))
      context.alert(value, `'unix-bind' : invalid ${option.text} '${value.text}'.`);
  }
  draft.unixBind = bind;
}

export const GLOBAL_LOG_KEYWORDS: readonly GlobalKeyword[] = [
  {
    name: 'log',
    sections: ['global'],
    args: '<target> [len <length>] [format <format>] [sample <ranges>:<size>] [profile <name>] <facility> [<level> [<minlevel>]]',
    arity: [2, 64],
    summary: 'a log target for the whole process',
    negatable: true,
    parse: parseLog,
  },
  setting('log-tag', text('<tag>'), 'program name in the log', (draft, value) => {
    draft.logTag = String(value);
  }),
  setting(
    'log-send-hostname',
    text('[<name>]', 0, 1),
    'host name in the log; without a name that of the system',
    (draft, value) => {
      draft.logSendHostname = String(value);
    },
    { once: true },
  ),
  setting(
    'stats socket',
    text('[<address>:<port>|<path>] [<option> ...]', 1, 64),
    'an admin socket',
    (draft, _value, words, context) => parseStatsSocket(draft, words, context),
  ),
  setting(
    'stats timeout',
    time(),
    'silence after which an admin connection ends',
    (draft, value, [word], context) => {
      if (Number(value) > 0) draft.statsTimeoutMs = Number(value);
      else context.alert(word as Word, `'stats timeout' expects a positive value.`);
    },
  ),
  setting(
    'stats maxconn',
    leadingInteger(1, 0x7fffffff),
    'most admin connections at a time',
    (draft, value) => {
      draft.statsMaxconn = Number(value);
    },
  ),
  setting(
    'stats calculate-max-counters',
    { ...oneWordOf('on', 'off'), arity: [0, 1] },
    'whether peaks are told',
    (draft, value) => {
      if (value === 'off') draft.flags.add('no-max-counters');
      else draft.flags.delete('no-max-counters');
    },
  ),
  setting(
    'unix-bind',
    text('[prefix <prefix>] [mode <mode>] [user <user>] [uid <uid>] [group <group>] [gid <gid>]', 2, 12),
    'owner, mode and path prefix of UNIX listeners',
    (draft, _value, words, context) => parseUnixBind(draft, words, context),
  ),
];
