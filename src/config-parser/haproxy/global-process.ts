/** Keywords of the `global` section about the process: users, files, threads, start and stop (manual, section 3.1). */
import { CAPABILITIES } from '../../model/capabilities.ts';
import type { Word } from '../../model/word.ts';
import { integer, matching, nothing, oneWordOf, text, time } from '../argument-shape.ts';
import type { Shape } from '../argument-shape.ts';
import type { LineContext } from '../line-context.ts';
import { isSpreadEvenly } from '../processor-set.ts';
import { readAddress } from './address-argument.ts';
import type { GlobalDraft } from './global-draft.ts';
import { flag, kept, removed, setting } from './global-rows.ts';
import type { GlobalKeyword } from './global-rows.ts';
import { findGroupId, findUserId } from './system-accounts.ts';

const MAX_THREADS = 1024;
const MAX_ID = 0xffffffff;
const CPU_NUMBERS = /^(all|odd|even|\d+(-\d*)?)(,(all|odd|even|\d+(-\d*)?))*$/;
const THREAD_SET = /^(auto:)?(all|odd|even|\d+(-\d*)?)(\/(all|odd|even|\d+(-\d*)?))?$/;

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

function setNbproc(draft: GlobalDraft, value: number, context: LineContext): void {
  draft.nbproc = value;
  const threads = `${value} thread${value === 1 ? '' : 's'}`;
  context.warn(
    context.position,
    `nbproc is not supported any more since HAProxy 2.5: it is read as 'nbthread ${value}' (${threads}).`,
  );
}

function checkCpuMap(draft: GlobalDraft, words: readonly Word[], context: LineContext): void {
  const [threads, ...cpus] = words as [Word, ...Word[]];
  if (!THREAD_SET.test(threads.text))
    context.alert(
      threads,
      `'cpu-map' expects a thread set ('all', 'odd', 'even', a number or a range), found '${threads.text}'.`,
    );
  const bad = cpus.find(word => !CPU_NUMBERS.test(word.text));
  if (bad !== undefined) context.alert(bad, `'cpu-map' expects CPU numbers and ranges, found '${bad.text}'.`);
  else if (
    !isSpreadEvenly(
      threads.text,
      cpus.map(({ text: set }) => set),
    )
  )
    context.alert(threads, `'cpu-map auto:' expects as many processors as threads.`);
  draft.otherLines.push(context.line);
}

const CPU_SET_DIRECTIVE = /^(only|drop)-(cpu|node|cluster|core|thread)$/;

function checkCpuSet(draft: GlobalDraft, words: readonly Word[], context: LineContext): void {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word;
    if (word.text === 'reset') {
      context.notSupportedYet(word, 'cpu-set reset');
      continue;
    }
    const set = words[++at];
    if (!CPU_SET_DIRECTIVE.test(word.text))
      return context.alert(word, `'cpu-set' expects a directive, found '${word.text}'.`);
    if (set === undefined || !CPU_NUMBERS.test(set.text))
      return context.alert(
        set ?? word,
        `'cpu-set ${word.text}' expects numbers and ranges, found '${set?.text ?? ''}'.`,
      );
    if (!word.text.endsWith('-cpu')) context.notSupportedYet(word, 'cpu-set by topology');
  }
  draft.otherLines.push(context.line);
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
  kept('mworker-max-reloads', integer(0), 'reloads an old worker may survive'),
  setting(
    'pidfile',
    text('<file>'),
    'file the process numbers are written to',
    (draft, value) => {
      draft.pidfile = String(value);
    },
    { once: true },
  ),
  setting('nbthread', integer(1, MAX_THREADS), 'number of threads', (draft, value) => {
    draft.nbthread = Number(value);
  }),
  setting(
    'nbproc',
    integer(1, MAX_THREADS),
    'former number of processes: as many threads',
    (draft, value, _words, context) => setNbproc(draft, Number(value), context),
  ),
  setting(
    'cpu-map',
    text('[auto:]<thread-group>[/<thread-set>] <cpu-set>[,...] [...]', 2, 64),
    'binds threads to processors',
    (draft, _value, words, context) => checkCpuMap(draft, words, context),
  ),
  kept('cpu-affinity', text('<affinity>', 1, 2), 'how tightly threads are bound to processors'),
  kept('cpu-policy', text('<policy> [<option> ...]', 1, 8), 'how processors are chosen'),
  setting(
    'cpu-set',
    text('{ reset | { only-cpu | drop-cpu | ... } <set> } ...', 1, 64),
    'restricts the processors that may be used',
    (draft, _value, words, context) => checkCpuSet(draft, words, context),
  ),
  flag('numa-cpu-mapping', 'take memory nodes into account', { negatable: true }),
  kept('thread-group', text('<group> [<thread-range> ...]', 1, 64), 'threads of a group'),
  kept('thread-groups', integer(1, 64), 'number of thread groups'),
  kept('max-threads-per-group', integer(1, 64), 'most threads in a group'),
  kept('thread-hard-limit', integer(1), 'most threads, whatever was detected'),
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
  kept('ulimit-n', integer(1), 'limit of open files'),
  kept('fd-hard-limit', integer(1), 'most open files, whatever the system allows'),
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
  kept('anonkey', integer(0, MAX_ID), 'key for anonymised output'),
  kept('debug.counters', oneWordOf('on', 'off'), 'event counters for developers'),
  kept('stress-level', integer(0, 9), 'stress code paths for developers', { experimental: true }),
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
