/** Keywords of the `global` section about the process: users, files, start and stop (manual, section 3.1). */
import { CAPABILITIES } from '../../model/capabilities.ts';
import type { Word } from '../../model/word.ts';
import { integer, leadingInteger, matching, nothing, oneWordOf, text, time } from '../argument-shape.ts';
import type { Shape } from '../argument-shape.ts';
import type { LineContext } from '../line-context.ts';
import { readAddress } from './address-argument.ts';
import type { GlobalDraft } from './global-draft.ts';
import { flag, kept, removed, setting } from './global-rows.ts';
import type { GlobalKeyword } from './global-rows.ts';
import { GLOBAL_THREAD_KEYWORDS } from './global-threads.ts';
import { findGroupId, findUserId } from './system-accounts.ts';

const MAX_ID = 0xffffffff;

const CAPABILITY_LIST: Shape = {
  args: '<name>[,<name>...]',
  arity: [1, 1],
  read: ([word], name, context) => {
    const unknown = word?.text.split(',').find(one => !CAPABILITIES.has(one));
    if (unknown === undefined) return word?.text;
    const all = [...CAPABILITIES.keys()].join(', ');
    context.alert(
      word as Word,
      `'${name}' : unsupported capability '${unknown}', supported ones are: ${all}.`,
    );
    return undefined;
  },
};

/** `user`/`uid` and `group`/`gid` exclude each other. */
function isAccountSaid(draft: GlobalDraft, what: 'user/uid' | 'group/gid', context: LineContext): boolean {
  if (!draft.said.has(what)) {
    draft.said.add(what);
    return false;
  }
  context.complain(context.position, `${what} already specified. Continuing.`);
  return true;
}

function setUser(draft: GlobalDraft, name: string, word: Word, context: LineContext): void {
  if (isAccountSaid(draft, 'user/uid', context)) return;
  const uid = findUserId(name, context.readFile);
  if (uid === undefined) context.alert(word, `cannot find user id for '${name}' (0:Success)`);
  else Object.assign(draft, { user: name, uid });
}

function setGroup(draft: GlobalDraft, name: string, word: Word, context: LineContext): void {
  if (isAccountSaid(draft, 'group/gid', context)) return;
  const gid = findGroupId(name, context.readFile);
  if (gid === undefined) context.alert(word, `cannot find group id for '${name}' (0:Success)`);
  else Object.assign(draft, { group: name, gid });
}

/** This program's own keyword: the servers of the first example are started by the program itself. */
function setDemoServers(draft: GlobalDraft, words: readonly Word[], context: LineContext): void {
  const addresses = words.map(word =>
    readAddress(word, 'demo-servers', context, { port: 'required', names: false }),
  );
  draft.demoServers = addresses.filter(address => address !== undefined);
}

function setDefaultPath(draft: GlobalDraft, words: readonly Word[], context: LineContext): void {
  const [mode, origin] = words as [Word, Word?];
  switch (mode.text) {
    case 'current':
    case 'config':
    case 'parent':
      draft.pathMode = { mode: mode.text };
      break;
    case 'origin':
      if (origin === undefined)
        context.alert(mode, `'default-path origin' expects a directory as an argument.`);
      else draft.pathMode = { mode: 'origin', path: origin.text };
      break;
    default: {
      const modes = `supported modes include 'current', 'config', 'parent', and 'origin'`;
      context.alert(mode, `unsupported default-path mode '${mode.text}' for 'default-path', ${modes}.`);
    }
  }
}

/** A name here is a common mistake, and does not stop the load. */
const ACCOUNT_NUMBER: Shape = {
  ...integer(0, MAX_ID),
  read: (words, name, context) => {
    const word = words[0] as Word;
    if (/^\d+$/.test(word.text)) return integer(0, MAX_ID).read(words, name, context);
    const other = name === 'uid' ? 'user' : 'group';
    const advice = `You might want to use the '${other}' parameter to use a system ${other} name.`;
    context.warn(word, `${name}: string '${word.text}' is not a number.\n   | ${advice}`);
    return undefined;
  },
};

const NODE_NAME = /^[A-Za-z0-9_.-]+$/;

export const GLOBAL_PROCESS_KEYWORDS: readonly GlobalKeyword[] = [
  setting(
    'chroot',
    text('{ <dir> | auto }'),
    'directory the process locks itself in after the start',
    (draft, value) => {
      draft.chroot = String(value);
    },
    { once: true },
  ),
  setting('user', text('<name>'), 'user to run as after the start', (draft, value, [word], context) =>
    setUser(draft, String(value), word as Word, context),
  ),
  setting('group', text('<name>'), 'group to run as after the start', (draft, value, [word], context) =>
    setGroup(draft, String(value), word as Word, context),
  ),
  setting('uid', ACCOUNT_NUMBER, 'numeric user to run as', (draft, value, _words, context) => {
    if (!isAccountSaid(draft, 'user/uid', context)) draft.uid = Number(value);
  }),
  setting('gid', ACCOUNT_NUMBER, 'numeric group to run as', (draft, value, _words, context) => {
    if (!isAccountSaid(draft, 'group/gid', context)) draft.gid = Number(value);
  }),
  setting('daemon', nothing(), 'go to the background', draft => {
    draft.daemon = true;
  }),
  setting(
    'master-worker',
    nothing(),
    'run workers under a master process',
    draft => {
      draft.masterWorker = true;
    },
    {
      deprecated: `The 'master-worker' keyword is deprecated in 3.3 and will be removed in 3.5. Use -W or -Ws in the startup script instead.`,
    },
  ),
  setting('master-worker no-exit-on-failure', nothing(), 'the master survives a failed worker', draft => {
    draft.masterWorker = true;
    draft.flags.add('no-exit-on-failure');
  }),
  kept('mworker-max-reloads', leadingInteger(0), 'reloads an old worker may survive'),
  setting(
    'pidfile',
    text('<file>'),
    'file the process numbers are written to',
    (draft, value) => {
      draft.pidfile = String(value);
    },
    { once: true },
  ),
  ...GLOBAL_THREAD_KEYWORDS,
  setting('hard-stop-after', time(), 'longest duration of a soft stop', (draft, value) => {
    draft.hardStopAfterMs = Number(value);
  }),
  setting('grace', time(), 'delay between the stop signal and the stop', (draft, value) => {
    draft.graceMs = Number(value);
  }),
  setting(
    'close-spread-time',
    {
      ...time(),
      read: (words, name, context) =>
        words[0]?.text === 'infinite' ? -1 : time().read(words, name, context),
    },
    'window over which connections are closed while stopping',
    (draft, value) => {
      draft.closeSpreadTimeMs = Number(value);
    },
  ),
  setting('node', matching('<name>', NODE_NAME, 1, 1), 'name of this node', (draft, value) => {
    draft.node = String(value);
  }),
  setting('description', text('<text>', 1, 64), 'text shown for this instance', (draft, _value, words) => {
    draft.description = words.map(word => word.text).join(' ');
  }),
  setting(
    'localpeer',
    text('<name>'),
    'name of this node in peers sections',
    (_draft, value, _words, context) => context.variables.set('HAPROXY_LOCALPEER', String(value)),
  ),
  setting(
    'default-path',
    text('{ current | config | parent | origin <path> }', 1, 2),
    'where relative paths start',
    (draft, _value, words, context) => setDefaultPath(draft, words, context),
  ),
  setting(
    'set-dumpable',
    text('[ on | off | libs ]', 0, 1),
    'whether a crash leaves a core',
    (draft, _value, [word], context) => {
      const mode = word?.text ?? 'on';
      const isOn = context.prefix !== 'no' && mode !== 'off';
      if (!['on', 'off', 'libs'].includes(mode))
        context.alert(
          context.position,
          `'set-dumpable' only supports 'on' and 'off' as an argument, found '${mode}'.`,
        );
      if (isOn) draft.flags.add('set-dumpable');
      else draft.flags.delete('set-dumpable');
    },
    { negatable: true },
  ),
  kept('setcap', CAPABILITY_LIST, 'capabilities kept when privileges are dropped'),
  flag('insecure-fork-wanted', 'allow starting programs while running', { negatable: true }),
  flag('insecure-setuid-wanted', 'allow running setuid programs', { negatable: true }),
  kept('ulimit-n', leadingInteger(0), 'limit of open files'),
  kept('fd-hard-limit', leadingInteger(0), 'most open files, whatever the system allows'),
  flag('prealloc-fd', 'open the highest descriptor at the start'),
  flag('strict-limits', 'fail when limits cannot be raised', { negatable: true }),
  flag('quiet', 'no messages at the start'),
  flag('zero-warning', 'refuse to start when there are warnings'),
  flag('quick-exit', 'exit without cleaning up'),
  flag('expose-experimental-directives', 'allow experimental keywords'),
  flag('expose-deprecated-directives', 'do not warn about deprecated keywords'),
  setting(
    'demo-servers',
    text('<address>:<port> ...', 1, 16),
    'start small HTTP servers for a first try (not in HAProxy)',
    (draft, _value, words, context) => setDemoServers(draft, words, context),
  ),
  setting(
    'process-log',
    oneWordOf('auto', 'haproxy', 'json'),
    `form of the process's own messages (not in HAProxy)`,
    (draft, value) => {
      draft.processLog = value as 'auto' | 'haproxy' | 'json';
    },
  ),
  kept('anonkey', leadingInteger(0, MAX_ID), 'key for anonymised output'),
  kept('debug.counters', oneWordOf('on', 'off'), 'event counters for developers'),
  kept('stress-level', integer(0, 9), 'stress code paths for developers'),
  kept('force-cfg-parser-pause', time('ms', 65_535), 'pause while parsing', { experimental: true }),
  kept('warn-blocked-traffic-after', time(), 'delay before stuck work is reported'),
  kept('cluster-secret', text('<secret>'), 'secret shared by the nodes of a cluster', { once: true }),
  kept('shm-stats-file', text('<name>'), 'memory that keeps counters over reloads', {
    once: true,
    experimental: true,
  }),
  kept('shm-stats-file-max-objects', integer(1), 'objects in that memory', {
    once: true,
    experimental: true,
  }),
  removed(
    'stats bind-process',
    `'stats bind-process' is not supported any more, all threads serve the admin sockets.`,
  ),
];
