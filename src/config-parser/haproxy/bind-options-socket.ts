/** Options of listeners that are not about TLS (manual, section 5.1). */
import { findGroupId, findUserId } from './system-accounts.ts';
import { MUST_BE_ALLOWED } from '../experimental.ts';
import { oneOf, readInteger, readTime } from './argument.ts';
import { readThreadSet } from '../processor-set.ts';
import { keepOption, type BindOption, type BindOptionLine } from './bind-draft.ts';

const LEVELS = ['user', 'operator', 'admin'] as const;
const PROTOCOLS = ['h1', 'h2', 'none', 'spop', 'fcgi', 'qmux'] as const;

function flag(name: 'acceptProxy' | 'transparent' | 'v4v6' | 'v6only' | 'deferAccept' | 'tfo') {
  return {
    args: '',
    words: 0,
    parse: ({ bind }: BindOptionLine) => void (bind.settings[name] = true),
  } as const;
}

function count(name: 'maxconn' | 'backlog', min: number): BindOption['parse'] {
  return ({ bind, option, value, context }) => {
    const number = readInteger(value, option.text, context, { min, leading: true });
    if (number !== undefined) bind.settings[name] = number;
  };
}

function parseId({ bind, option, value, context }: BindOptionLine): void {
  if (bind.listeners > 1) {
    context.alert(option, `'${option.text}' can only be used with a single socket`);
    return;
  }
  bind.id = readInteger(value, option.text, context, { min: 1 });
}

/** Octal permissions of a unix socket. */
function parseMode({ bind, option, value, context }: BindOptionLine): void {
  if (value !== undefined && /^[0-7]{1,4}$/.test(value.text)) {
    bind.settings.mode = Number.parseInt(value.text, 8);
    return;
  }
  const found = `'${value?.text ?? ''}' (octal integer expected)`;
  context.alert(value ?? option, `'${option.text}' : missing or invalid mode ${found}`);
}

function owner(name: 'uid' | 'gid'): BindOption['parse'] {
  return ({ bind, option, value, context }) => {
    const number = readInteger(value, option.text, context, { min: 0, leading: true });
    if (number !== undefined) bind.settings[name] = number;
  };
}

/** `user` and `group` by name. */
function ownerName(name: 'uid' | 'gid'): BindOption['parse'] {
  const find = name === 'uid' ? findUserId : findGroupId;
  return ({ bind, option, value, context }) => {
    const id = find(value?.text ?? '', context.readFile);
    if (id !== undefined) bind.settings[name] = id;
    else
      context.alert(value ?? option, `'${option.text}' : unknown ${option.text} name '${value?.text ?? ''}'`);
  };
}

function parseMss({ bind, option, value, context }: BindOptionLine): void {
  const mss = readInteger(value, option.text, context, { min: -65535, max: 65535 });
  if (mss === undefined) return;
  if (mss === 0) {
    context.alert(
      value ?? option,
      `'${option.text}' : expects an MSS with and absolute value between 1 and 65535`,
    );
    return;
  }
  bind.settings.mss = mss;
}

function parseProto({ bind, option, value, context }: BindOptionLine): void {
  const name = oneOf(value, option.text, PROTOCOLS, context);
  if (name === undefined) return;
  bind.settings.proto = name;
  if (name !== 'h1' && name !== 'h2' && name !== 'none')
    context.notSupportedYet(value ?? option, `bind proto ${name}`);
}

function parseConnections({ bind, option, value, context }: BindOptionLine): void {
  if (!context.useExperimental())
    context.alert(option, `'${option.text}' is experimental, ${MUST_BE_ALLOWED}.`);
  const number = readInteger(value, option.text, context, { min: 1, max: 32_767 });
  if (number !== undefined) bind.settings.connections = number;
}

function parseThreads({ bind, option, value, context }: BindOptionLine): void {
  const threads = readThreadSet(value?.text ?? '');
  if (threads === undefined)
    context.alert(value ?? option, `'${option.text}' : invalid thread set '${value?.text ?? ''}'.`);
  else bind.settings.threads = threads;
}

/** `by-thread`, `by-group` or a number: every thread has its own socket anyway. */
function parseShards({ option, value, context }: BindOptionLine): void {
  const known = value?.text === 'by-thread' || value?.text === 'by-group' || value?.text === 'by-process';
  if (!known && readInteger(value, option.text, context, { min: 1, max: 4096 }) === undefined) return;
  context.notSupportedYet(option, 'bind shards');
}

const UNIX: readonly BindOption[] = [
  { name: 'gid', args: '<gid>', words: 1, summary: 'group number of a unix socket', parse: owner('gid') },
  { name: 'group', args: '<group>', words: 1, summary: 'group of a unix socket', parse: ownerName('gid') },
  { name: 'mode', args: '<mode>', words: 1, summary: 'permissions of a unix socket', parse: parseMode },
  { name: 'uid', args: '<uid>', words: 1, summary: 'owner number of a unix socket', parse: owner('uid') },
  { name: 'user', args: '<user>', words: 1, summary: 'owner of a unix socket', parse: ownerName('uid') },
];

const ADMIN: readonly BindOption[] = [
  {
    name: 'expose-fd',
    args: 'listeners',
    words: 1,
    summary: 'hands listening sockets to a new process over this admin socket',
    parse: ({ bind, option, value, context }) => {
      if (oneOf(value, option.text, ['listeners'] as const, context) !== undefined)
        bind.otherOptions.set(option.text, ['listeners']);
    },
  },
  {
    name: 'level',
    args: '<level>',
    words: 1,
    summary: 'rights on an admin socket',
    parse: ({ bind, option, value, context }) => {
      const level = oneOf(value, option.text, LEVELS, context);
      if (level !== undefined) bind.settings.level = level;
    },
  },
  {
    name: 'severity-output',
    args: '<format>',
    words: 1,
    summary: 'severity prefix of admin messages',
    parse: ({ bind, option, value, context }) => {
      const format = oneOf(value, option.text, ['none', 'number', 'string'] as const, context);
      if (format !== undefined) bind.otherOptions.set(option.text, [format]);
    },
  },
];

const LISTENER: readonly BindOption[] = [
  {
    name: 'accept-netscaler-cip',
    args: '<magic number>',
    words: 1,
    summary: 'connections start with a NetScaler header',
    parse: ({ bind, option, value, context }) => {
      const magic = readInteger(value, option.text, context, { min: 1, max: 0xffffffff, leading: true });
      if (magic !== undefined) bind.otherOptions.set(option.text, [String(magic)]);
    },
  },
  { name: 'accept-proxy', ...flag('acceptProxy'), summary: 'connections start with a PROXY header' },
  {
    name: 'backlog',
    args: '<backlog>',
    words: 1,
    summary: 'length of the accept queue',
    parse: count('backlog', 0),
  },
  { name: 'cc', args: '<algo>', ...keepOption(1), summary: 'TCP congestion control' },
  { name: 'defer-accept', ...flag('deferAccept'), summary: 'wakes up once data has arrived' },
  {
    name: 'guid-prefix',
    args: '<string>',
    words: 1,
    summary: "prefix of the listeners' unique identifiers",
    parse: ({ bind, option, value }) => void bind.otherOptions.set(option.text, [value?.text ?? '']),
  },
  { name: 'id', args: '<id>', words: 1, summary: 'fixed number of the socket', parse: parseId },
  {
    name: 'idle-ping',
    args: '<delay>',
    words: 1,
    summary: 'pings idle HTTP/2 clients',
    parse: ({ bind, option, value, context }) => {
      const delay = readTime(value, option.text, context);
      if (delay !== undefined) bind.otherOptions.set(option.text, [String(delay)]);
    },
  },
  {
    name: 'interface',
    args: '<interface>',
    words: 1,
    summary: 'one network interface',
    parse: ({ bind, value }) => void (bind.settings.interface = value?.text ?? ''),
  },
  {
    name: 'label',
    args: '<label>',
    words: 1,
    summary: 'group label',
    parse: ({ option, context }) => context.notSupportedYet(option, 'bind label'),
  },
  { name: 'maxconn', args: '<maxconn>', words: 1, summary: 'most connections', parse: count('maxconn', 0) },
  { name: 'mss', args: '<maxseg>', words: 1, summary: 'announced segment size', parse: parseMss },
  {
    name: 'name',
    args: '<name>',
    words: 1,
    summary: 'name of the socket in statistics',
    parse: ({ bind, value }) => void (bind.settings.name = value?.text ?? ''),
  },
  {
    name: 'namespace',
    args: '<name>',
    words: 1,
    summary: 'network namespace',
    parse: ({ bind, value }) => void (bind.settings.namespace = value?.text ?? ''),
  },
  {
    name: 'nbconn',
    args: '<nbconn>',
    words: 1,
    summary: 'connections of reverse HTTP that are kept up',
    parse: parseConnections,
  },
  {
    name: 'nice',
    args: '<nice>',
    words: 1,
    summary: 'scheduling priority',
    parse: ({ option, value, context }) => {
      readInteger(value, option.text, context, { min: -1024, max: 1024, leading: true });
      context.notSupportedYet(option, 'bind nice');
    },
  },
  {
    name: 'process',
    args: '<set>',
    words: 1,
    summary: 'refused: use thread',
    parse: ({ option, value, context }) => {
      const what = `'process ${value?.text ?? ''}' on 'bind' lines`;
      context.alert(option, `${what} is not supported anymore, please use 'thread' instead.`);
    },
  },
  { name: 'proto', args: '<name>', words: 1, summary: 'protocol without negotiation', parse: parseProto },
  {
    name: 'shards',
    args: '{ <number> | by-thread | by-group }',
    words: 1,
    summary: 'sockets among threads',
    parse: parseShards,
  },
  {
    name: 'tcp-md5sig',
    args: '<password>',
    words: 1,
    summary: 'TCP MD5 signature',
    parse: ({ bind, value }) => void (bind.settings.md5Signature = value?.text ?? ''),
  },
  {
    name: 'tcp-ss',
    args: '<mode>',
    words: 1,
    summary: 'keeps the SYN packet for fc_saved_syn: 1 from IP on, 2 from Ethernet on',
    parse: ({ bind, option, value, context }) => {
      const mode = readInteger(value, option.text, context, { min: 0, max: 2 });
      if (mode !== undefined && mode > 0) bind.settings.saveSyn = mode;
    },
  },
  {
    name: 'tcp-ut',
    args: '<delay>',
    words: 1,
    summary: 'TCP user timeout',
    parse: ({ bind, option, value, context }) => {
      const time = readTime(value, option.text, context);
      if (time !== undefined) bind.settings.tcpUserTimeoutMs = time;
    },
  },
  { name: 'tfo', ...flag('tfo'), summary: 'TCP fast open' },
  {
    name: 'thread',
    args: '[<thread-group>/]<thread-set>[,...]',
    words: 1,
    summary: 'threads that accept',
    parse: parseThreads,
  },
  { name: 'transparent', ...flag('transparent'), summary: 'address that is not of this host' },
  { name: 'v4v6', ...flag('v4v6'), summary: 'IPv4 and IPv6 on one socket' },
  { name: 'v6only', ...flag('v6only'), summary: 'IPv6 alone' },
];

export const BIND_SOCKET_OPTIONS: readonly BindOption[] = [...UNIX, ...ADMIN, ...LISTENER];
