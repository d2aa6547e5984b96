/** Log-format aliases, one row each (manual, section 8.2.6): what they read and how it is written. */
import { renderVersion } from '../fetches/message.ts';
import { addressOf } from '../fetches/connection.ts';
import { pathOf } from '../fetches/header-text.ts';
import { tq, userTime } from '../fetches/transaction.ts';
import { ipToBytes } from '../../base/ip-address.ts';
import type { Endpoint } from '../../net/connection.ts';
import type { SampleContext, Timers, TransactionFacts } from '../context.ts';
import { toHex } from './cbor.ts';
import { dateLocal, dateUtc, dateWithMs } from './dates.ts';
import type { OutputFlags } from './flags.ts';
import {
  HEADER_ESCAPES,
  intWriter,
  listWriter,
  partsWriter,
  rawWriter,
  textWriter,
  URL_ESCAPES,
} from './output.ts';
import type { Part, TypeCast } from './output.ts';

export type Render = (ctx: SampleContext) => string;

export interface AliasOptions {
  readonly isEarly: boolean;
  readonly uriLength: number;
  readonly cast: TypeCast;
}

export interface Alias {
  readonly name: string;
  readonly restriction: 'any' | 'http only' | 'tls only' | 'log only';
  readonly summary: string;
  readonly compile: (flags: OutputFlags, options: AliasOptions) => Render;
  /** When it may write nothing at all, so that blanks around it merge. */
  readonly nothing?: 'without captures' | 'without flags';
}

type Restriction = Alias['restriction'];

function textAlias(
  name: string,
  summary: string,
  read: (ctx: SampleContext) => string | undefined,
  restriction: Restriction = 'any',
): Alias {
  return {
    name,
    restriction,
    summary,
    nothing: 'without flags',
    compile: flags => {
      const write = textWriter(flags);
      return ctx => write(read(ctx));
    },
  };
}

function rawAlias(
  name: string,
  summary: string,
  read: (ctx: SampleContext) => string,
  restriction: Restriction = 'any',
): Alias {
  return {
    name,
    restriction,
    summary,
    compile: flags => {
      const write = rawWriter(flags);
      return ctx => write(read(ctx));
    },
  };
}

type ReadNumber = (ctx: SampleContext) => number;

function numberAlias(
  name: string,
  summary: string,
  read: ReadNumber,
  restriction: Restriction = 'any',
): Alias {
  return {
    name,
    restriction,
    summary,
    compile: (flags, { cast }) => {
      const write = intWriter(flags, cast);
      return ctx => write(read(ctx));
    },
  };
}

/** With `+X` in hexadecimal, at least so many digits. */
function hexableAlias(name: string, summary: string, digits: number, read: ReadNumber, padded = 0): Alias {
  return {
    name,
    restriction: 'any',
    summary,
    compile: (flags, { cast }) => {
      if (flags.hexadecimal) {
        const write = rawWriter(flags);
        return ctx => write(read(ctx).toString(16).toUpperCase().padStart(digits, '0'));
      }
      if (flags.encoding === 'none' && padded > 0) return ctx => String(read(ctx)).padStart(padded, '0');
      const write = intWriter(flags, cast);
      return ctx => write(read(ctx));
    },
  };
}

/** A plus sign says that the number is not final. */
function earlyAlias(
  name: string,
  summary: string,
  read: ReadNumber,
  restriction: Restriction = 'any',
): Alias {
  return {
    name,
    restriction,
    summary,
    compile: (flags, { isEarly, cast }) => {
      const write = intWriter(flags, cast);
      return isEarly && flags.encoding === 'none' ? ctx => `+${write(read(ctx))}` : ctx => write(read(ctx));
    },
  };
}

type EndpointOf = (ctx: SampleContext) => Endpoint | undefined;

function addressAlias(name: string, summary: string, endpoint: EndpointOf): Alias {
  return {
    name,
    restriction: 'any',
    summary,
    nothing: 'without flags',
    compile: flags => {
      const write = textWriter(flags);
      if (!flags.hexadecimal)
        return ctx => {
          const end = endpoint(ctx);
          return write(end?.family === 0 ? 'unix' : end?.host);
        };
      const raw = rawWriter(flags);
      return ctx => {
        const ip = addressOf(endpoint(ctx));
        return ip === undefined ? write(undefined) : raw(toHex(ipToBytes(ip)));
      };
    },
  };
}

/** A unix socket shows the number of its listener. */
function portAlias(name: string, summary: string, endpoint: EndpointOf): Alias {
  return {
    name,
    restriction: 'any',
    summary,
    nothing: 'without flags',
    compile: (flags, { cast }) => {
      const writeInt = intWriter(flags, cast);
      const raw = rawWriter(flags);
      const writeText = textWriter(flags);
      return ctx => {
        const end = endpoint(ctx);
        if (end === undefined) return writeText(undefined);
        if (end.family === 0) return writeInt(ctx.listener?.id ?? 0);
        return flags.hexadecimal
          ? raw(end.port.toString(16).toUpperCase().padStart(4, '0'))
          : writeInt(end.port);
      };
    },
  };
}

const facts =
  (read: (transaction: TransactionFacts) => number, otherwise = 0): ReadNumber =>
  ctx =>
    ctx.transaction === undefined ? otherwise : read(ctx.transaction);

const timer = (read: (timers: Timers) => number): ReadNumber =>
  facts(transaction => read(transaction.timers), -1);

/** A part of the request line as first received. */
function requestAlias(
  name: string,
  summary: string,
  read: (line: RequestParts) => string | undefined,
): Alias {
  return {
    name,
    restriction: 'http only',
    summary,
    compile: (flags, { uriLength }) => {
      const write = partsWriter(flags, URL_ESCAPES);
      return ctx => write([{ value: read(requestParts(ctx, uriLength)) ?? BAD_REQUEST }]);
    },
  };
}

const BAD_REQUEST = '<BADREQ>';

interface RequestParts {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly isBad: boolean;
}

const NO_REQUEST: RequestParts = { method: '', target: '', version: '', isBad: true };

function requestParts(ctx: SampleContext, uriLength: number): RequestParts {
  const line = ctx.requestLine;
  if (line === undefined || ctx.transaction?.badRequest === true) return NO_REQUEST;
  const version = `HTTP/${renderVersion(line.version)}`;
  const room = uriLength - 1 - line.method.length - 1;
  const target = line.target.length > room ? line.target.slice(0, room) : line.target;
  const isCut = room - target.length < version.length + 1;
  return { method: line.method, target, version: isCut ? '' : version, isBad: false };
}

const unlessBad =
  (read: (parts: RequestParts) => string | undefined) =>
  (parts: RequestParts): string | undefined =>
    parts.isBad ? undefined : read(parts);

/** `{a|b}`: captured headers by slot. */
function capturesAlias(name: string, summary: string, side: 'requestCaptures' | 'responseCaptures'): Alias {
  return {
    name,
    restriction: 'any',
    summary,
    nothing: 'without captures',
    compile: flags => {
      const write = partsWriter(flags, HEADER_ESCAPES);
      return ctx => {
        const captures = ctx[side];
        if (captures.length === 0) return '';
        const parts: Part[] = ['{'];
        for (const [index, value] of captures.entries()) {
          if (index > 0) parts.push('|');
          if (value !== undefined) parts.push({ value });
        }
        parts.push('}');
        return write(parts);
      };
    },
  };
}

function captureListAlias(
  name: string,
  summary: string,
  side: 'requestCaptures' | 'responseCaptures',
): Alias {
  return {
    name,
    restriction: 'any',
    summary,
    nothing: 'without captures',
    compile: flags => {
      const write = listWriter(flags);
      return ctx => (ctx[side].length === 0 ? '' : write(Array.from(ctx[side])));
    },
  };
}

const FRONTEND_WITH_TRANSPORT: Alias = {
  name: 'ft',
  restriction: 'any',
  summary: 'frontend, with a tilde when the client uses TLS',
  compile: flags => {
    const write = partsWriter(flags, { character: '', bytes: /(?!)/g });
    return ctx => {
      const name = ctx.frontend?.name ?? '';
      return write(ctx.client?.transport === 'tls' ? [{ value: name }, '~'] : [{ value: name }]);
    };
  },
};

const RETRIES: Alias = {
  name: 'rc',
  restriction: 'any',
  summary: 'retries, with a plus sign when another server was chosen',
  compile: (flags, { cast }) => {
    const write = intWriter(flags, cast);
    return ctx => {
      const number = write(ctx.transaction?.retries ?? 0);
      return ctx.transaction?.redispatched === true && flags.encoding === 'none' ? `+${number}` : number;
    };
  },
};

const acceptMs: ReadNumber = ctx => ctx.client?.acceptTimeMs ?? 0;
const requestMs: ReadNumber = ctx => ctx.transaction?.timers.requestTimeMs ?? acceptMs(ctx);
const seconds =
  (read: ReadNumber): ReadNumber =>
  ctx =>
    Math.floor(read(ctx) / 1000);

const connections =
  (side: 'frontend' | 'backend'): ReadNumber =>
  ctx => {
    const id = ctx[side]?.id;
    if (id === undefined) return 0;
    return side === 'frontend' ? ctx.stats.frontendConnections(id) : ctx.stats.backendConnections(id);
  };

export const ALIASES: readonly Alias[] = [
  rawAlias('T', 'when the connection was accepted, UTC', ctx => dateUtc(seconds(acceptMs)(ctx))),
  rawAlias('Tl', 'when the connection was accepted, local time', ctx => dateLocal(seconds(acceptMs)(ctx))),
  hexableAlias('Ts', 'when the connection was accepted, seconds since the epoch', 4, seconds(acceptMs)),
  rawAlias('t', 'when the connection was accepted, with milliseconds', ctx => dateWithMs(acceptMs(ctx))),
  hexableAlias(
    'ms',
    'milliseconds of the moment the connection was accepted',
    2,
    ctx => Math.floor(acceptMs(ctx)) % 1000,
    3,
  ),
  rawAlias(
    'tr',
    'when the request started, with milliseconds',
    ctx => dateWithMs(requestMs(ctx)),
    'http only',
  ),
  rawAlias('trg', 'when the request started, UTC', ctx => dateUtc(seconds(requestMs)(ctx)), 'http only'),
  rawAlias(
    'trl',
    'when the request started, local time',
    ctx => dateLocal(seconds(requestMs)(ctx)),
    'http only',
  ),
  earlyAlias(
    'Ta',
    'active time of the request',
    timer(timers => timers.active),
    'http only',
  ),
  numberAlias(
    'Tc',
    'time to connect to the server',
    timer(timers => timers.connect),
  ),
  numberAlias(
    'Td',
    'time to transfer the response',
    timer(timers => timers.data),
  ),
  numberAlias(
    'Th',
    'time of the client handshakes',
    timer(timers => timers.handshake),
  ),
  numberAlias(
    'Ti',
    'idle time before the request',
    timer(timers => timers.idle),
    'http only',
  ),
  numberAlias('Tq', 'handshake, idle and request time together', timer(tq), 'http only'),
  numberAlias(
    'TR',
    'time to receive the request',
    timer(timers => timers.request),
    'http only',
  ),
  numberAlias(
    'Tr',
    'time until the response came',
    timer(timers => timers.response),
    'http only',
  ),
  earlyAlias(
    'Tt',
    'whole time of the stream',
    timer(timers => timers.total),
  ),
  earlyAlias('Tu', 'time the client saw', timer(userTime)),
  numberAlias(
    'Tw',
    'time spent queued',
    timer(timers => timers.queue),
  ),
  earlyAlias(
    'B',
    'bytes from the server to the client',
    facts(({ bytes }) => bytes.fromServer),
  ),
  numberAlias(
    'U',
    'bytes from the client to the server',
    facts(({ bytes }) => bytes.fromClient),
  ),
  textAlias('CC', 'captured request cookie', ctx => ctx.requestCookieCapture, 'http only'),
  textAlias('CS', 'captured response cookie', ctx => ctx.responseCookieCapture, 'http only'),
  textAlias('H', 'name of this host', ctx => ctx.process.hostname),
  requestAlias(
    'HM',
    'request method',
    unlessBad(parts => parts.method),
  ),
  requestAlias(
    'HP',
    'request target without query',
    unlessBad(parts => parts.target.split('?', 1)[0]),
  ),
  requestAlias(
    'HPO',
    'path without host and query',
    unlessBad(parts => pathOf(parts.target) ?? ''),
  ),
  requestAlias(
    'HQ',
    'query with its question mark',
    unlessBad(parts => /\?[^]*$/.exec(parts.target)?.[0] ?? ''),
  ),
  requestAlias(
    'HU',
    'request target',
    unlessBad(parts => parts.target),
  ),
  requestAlias(
    'HV',
    'HTTP version',
    unlessBad(parts => parts.version),
  ),
  requestAlias(
    'r',
    'request line',
    unlessBad(({ method, target, version }) => `${method} ${target}${version === '' ? '' : ` ${version}`}`),
  ),
  textAlias('ID', 'identifier of the request', ctx => ctx.uniqueId),
  numberAlias(
    'ST',
    'status answered to the client',
    facts(({ status }) => status),
  ),
  numberAlias('ac', 'connections of the process', ctx => ctx.stats.processConnections()),
  textAlias('b', 'backend', ctx => (ctx.backend ?? ctx.frontend)?.name),
  numberAlias('bc', 'connections of the backend', connections('backend')),
  numberAlias('fc', 'connections of the frontend', connections('frontend')),
  numberAlias(
    'sc',
    'connections of the server',
    facts(({ serverConnections }) => serverConnections),
  ),
  addressAlias('bi', 'our address toward the server', ctx => ctx.server?.source),
  portAlias('bp', 'our port toward the server', ctx => ctx.server?.source),
  addressAlias('ci', 'client address', ctx => ctx.client?.source),
  portAlias('cp', 'client port', ctx => ctx.client?.source),
  addressAlias('fi', 'address the client connected to', ctx => ctx.client?.destination),
  portAlias('fp', 'port the client connected to', ctx => ctx.client?.destination),
  addressAlias('si', 'server address', ctx => ctx.server?.destination),
  portAlias('sp', 'server port', ctx => ctx.server?.destination),
  numberAlias(
    'bq',
    'place in the backend queue',
    facts(({ backendQueue }) => backendQueue),
  ),
  numberAlias(
    'sq',
    'place in the server queue',
    facts(({ serverQueue }) => serverQueue),
  ),
  textAlias('f', 'frontend', ctx => ctx.frontend?.name),
  FRONTEND_WITH_TRANSPORT,
  RETRIES,
  hexableAlias(
    'lc',
    'number of the log line of the frontend',
    4,
    facts(({ logCounter }) => logCounter),
  ),
  hexableAlias(
    'rt',
    'number of the request',
    4,
    facts(({ id32 }) => id32),
  ),
  hexableAlias('pid', 'number of this process', 4, ctx => ctx.process.pid),
  capturesAlias('hr', 'captured request headers', 'requestCaptures'),
  captureListAlias('hrl', 'captured request headers as a list', 'requestCaptures'),
  capturesAlias('hs', 'captured response headers', 'responseCaptures'),
  captureListAlias('hsl', 'captured response headers as a list', 'responseCaptures'),
  textAlias('OG', 'what wrote the log line', ctx => ctx.transaction?.logOrigin ?? 'unspec', 'log only'),
  textAlias('s', 'server', ctx => ctx.server?.name ?? '<NOSRV>'),
  textAlias('sslc', 'TLS cipher of the client', ctx => ctx.client?.tls?.cipher, 'tls only'),
  textAlias('sslv', 'TLS version of the client', ctx => ctx.client?.tls?.protocol, 'tls only'),
  rawAlias('ts', 'termination state', ctx => ctx.transaction?.terminationState ?? '--'),
  rawAlias(
    'tsc',
    'termination state and what became of the cookies',
    ctx => (ctx.transaction?.terminationState ?? '--') + (ctx.transaction?.cookieState ?? '--'),
    'http only',
  ),
];

const BY_NAME = new Map(ALIASES.map(alias => [alias.name, alias]));

export function findAlias(name: string): Alias | undefined {
  return BY_NAME.get(name);
}
