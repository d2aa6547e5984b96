/** Server options about its place in the backend: weight, limits, persistence, state (manual, section 5.2). */
import { readInteger, readTime, oneOf } from './argument.ts';
import type { ServerOption, ServerOptionLine } from './server-option.ts';

const HASH_KEYS = ['id', 'id32', 'guid', 'addr', 'addr-port'] as const;
const INIT_STATES = ['none', 'fully-up', 'up', 'down', 'fully-down'] as const;

function parseId({ server, proxy, option, values, context }: ServerOptionLine): void {
  const id = readInteger(values[0], option.text, context, { min: 1, max: 4294967295, leading: true });
  if (id === undefined) return;
  const other = proxy.own.servers.find(candidate => candidate.id === id);
  if (other !== undefined) {
    const { file, line } = other.position;
    const place = `${file}:${line} ('server ${other.name}')`;
    context.alert(values[0] ?? option, `'${option.text}' : custom id ${id} already used at ${place}`);
    return;
  }
  server.id = id;
}

function parseCookie({ server, values }: ServerOptionLine): void {
  server.cookie = values[0]?.text;
}

function parseInitState({ server, option, values, context }: ServerOptionLine): void {
  const state = oneOf(values[0], option.text, INIT_STATES, context);
  if (state !== undefined) server.initState = state === 'none' ? undefined : state;
}

/** A limit such as `maxconn`: a whole number, nothing after it. */
function limit(
  name: 'maxconn' | 'minconn' | 'maxqueue' | 'maxReuse' | 'poolLowConn' | 'poolMaxConn',
  min: number,
): ServerOption['parse'] {
  return ({ server, option, values, context }) => {
    const value = readInteger(values[0], option.text, context, { min, leading: true });
    if (value !== undefined) server[name] = value;
  };
}

export const STATE_OPTIONS: readonly ServerOption[] = [
  {
    name: 'backup',
    args: '',
    words: 0,
    summary: 'takes requests only when all non-backup servers are down',
    parse: ({ server }) => void (server.backup = true),
  },
  {
    name: 'no-backup',
    args: '',
    words: 0,
    summary: 'cancels an inherited backup',
    parse: ({ server }) => void (server.backup = false),
  },
  {
    name: 'cookie',
    args: '<value>',
    words: 1,
    summary: 'value of the persistence cookie that names this server',
    parse: parseCookie,
  },
  {
    name: 'disabled',
    args: '',
    words: 0,
    summary: 'starts in maintenance',
    parse: ({ server }) => void (server.disabled = true),
  },
  {
    name: 'enabled',
    args: '',
    words: 0,
    summary: 'cancels an inherited disabled',
    parse: ({ server }) => void (server.disabled = false),
  },
  {
    name: 'guid',
    args: '<string>',
    words: 1,
    serverOnly: true,
    summary: 'globally unique identifier',
    parse: ({ server, values }) => void (server.guid = values[0]?.text),
  },
  {
    name: 'hash-key',
    args: '<key>',
    words: 1,
    summary: 'what places the server on the ring of consistent hashing',
    parse: ({ server, option, values, context }) => {
      const key = oneOf(values[0], option.text, HASH_KEYS, context);
      if (key !== undefined) server.hashKey = key;
    },
  },
  {
    name: 'id',
    args: '<value>',
    words: 1,
    serverOnly: true,
    summary: 'fixed number of the server, the key of hash placement',
    parse: parseId,
  },
  {
    name: 'init-state',
    args: '{ fully-up | up | down | fully-down | none }',
    words: 1,
    summary: 'state before the first check',
    parse: parseInitState,
  },
  {
    name: 'maxconn',
    args: '<maxconn>',
    words: 1,
    summary: 'most concurrent connections',
    parse: limit('maxconn', 0),
  },
  {
    name: 'maxqueue',
    args: '<maxqueue>',
    words: 1,
    summary: 'most waiting requests before they go elsewhere',
    parse: limit('maxqueue', 0),
  },
  {
    name: 'max-reuse',
    args: '<count>',
    words: 1,
    summary: 'most requests one connection serves',
    parse: limit('maxReuse', -1),
  },
  {
    name: 'minconn',
    args: '<minconn>',
    words: 1,
    summary: 'lower bound of a dynamic maxconn',
    parse: limit('minconn', 0),
  },
  {
    name: 'non-stick',
    args: '',
    words: 0,
    summary: 'never stored in a stick table',
    parse: ({ server }) => void (server.nonStick = true),
  },
  {
    name: 'stick',
    args: '',
    words: 0,
    summary: 'cancels an inherited non-stick',
    parse: ({ server }) => void (server.nonStick = false),
  },
  {
    name: 'redir',
    args: '<prefix>',
    words: 1,
    summary: 'answers with a redirection instead of connecting',
    parse: ({ server, values }) => void (server.redirPrefix = values[0]?.text),
  },
  {
    name: 'slowstart',
    args: '<start_time_in_ms>',
    words: 1,
    summary: 'time to reach full weight after coming back',
    parse: ({ server, option, values, context }) => {
      // Historically rounded up to seconds.
      const value = readTime(values[0], option.text, context);
      if (value !== undefined) server.slowstartMs = Math.ceil(value / 1000) * 1000;
    },
  },
  {
    name: 'strict-maxconn',
    args: '',
    words: 0,
    summary: 'never more connections than maxconn: none is kept idle',
    parse: ({ server }) => void (server.strictMaxconn = true),
  },
  {
    name: 'track',
    args: '[<backend>/]<server>',
    words: 1,
    summary: 'follows the state of another server',
    parse: ({ server, values }) => void (server.track = values[0]),
  },
  {
    name: 'weight',
    args: '<weight>',
    words: 1,
    summary: 'share of the load, 0 to 256',
    parse: ({ server, option, values, context }) => {
      const weight = readInteger(values[0], option.text, context, { min: 0, max: 256, leading: true });
      if (weight !== undefined) server.weight = weight;
    },
  },
];
