/** Log-format aliases, one row each (manual, section 8.2.6): what they read and how it is written. */
import { pathOf } from '../fetches/header-text.ts';
import { tq, userTime } from '../fetches/transaction.ts';
import type { Timers, TransactionFacts } from '../context.ts';
import {
  type Alias,
  type ReadNumber,
  textAlias,
  rawAlias,
  numberAlias,
  hexableAlias,
  earlyAlias,
  addressAlias,
  portAlias,
} from './alias.ts';
import { appendDateWithMs, dateLocal, dateUtc, dateWithMs } from './dates.ts';
import {
  acceptMs,
  backendConnections,
  backendName,
  bytesToClient,
  frontendConnections,
  isBadRequest,
  requestMs,
  serverName,
  statusOf,
} from './facts.ts';
import { intWriter, NO_ESCAPES, partsWriter } from './output.ts';
import { requestAlias, REQUEST_LINE, unlessBad, capturesAlias, captureListAlias } from './request-aliases.ts';

const facts =
  (read: (transaction: TransactionFacts) => number, otherwise = 0): ReadNumber =>
  ctx =>
    ctx.transaction === undefined ? otherwise : read(ctx.transaction);

const timer = (read: (timers: Timers) => number): ReadNumber =>
  facts(transaction => read(transaction.timers), -1);

const FRONTEND_WITH_TRANSPORT: Alias = {
  name: 'ft',
  restriction: 'any',
  summary: 'frontend, with a tilde when the client uses TLS',
  compile: flags => {
    const write = partsWriter(flags, NO_ESCAPES);
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

const seconds =
  (read: ReadNumber): ReadNumber =>
  ctx =>
    Math.floor(read(ctx) / 1000);

/** `26/Apr/2024:09:39:58.774` */
function dateAlias(
  name: string,
  summary: string,
  read: ReadNumber,
  restriction: Alias['restriction'] = 'any',
): Alias {
  return {
    ...rawAlias(name, summary, ctx => dateWithMs(read(ctx)), restriction),
    append: ({ encoding, escape }) =>
      encoding === 'none' && !escape ? (ctx, line) => appendDateWithMs(line, read(ctx)) : undefined,
  };
}

export const ALIASES: readonly Alias[] = [
  rawAlias('T', 'when the connection was accepted, UTC', ctx => dateUtc(seconds(acceptMs)(ctx))),
  rawAlias('Tl', 'when the connection was accepted, local time', ctx => dateLocal(seconds(acceptMs)(ctx))),
  hexableAlias('Ts', 'when the connection was accepted, seconds since the epoch', 4, seconds(acceptMs)),
  dateAlias('t', 'when the connection was accepted, with milliseconds', acceptMs),
  hexableAlias(
    'ms',
    'milliseconds of the moment the connection was accepted',
    2,
    ctx => Math.floor(acceptMs(ctx)) % 1000,
    3,
  ),
  dateAlias('tr', 'when the request started, with milliseconds', requestMs, 'http only'),
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
    // who never sent a request was not idle before it
    ctx => {
      const idle = ctx.transaction?.timers.idle ?? -1;
      return idle < 0 && isBadRequest(ctx) ? 0 : idle;
    },
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
  earlyAlias('B', 'bytes from the server to the client', bytesToClient),
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
  {
    ...requestAlias(
      'HPO',
      'path without host and query',
      unlessBad(parts => pathOf(parts.target) ?? ''),
    ),
    nothing: 'without quotes',
  },
  {
    ...requestAlias(
      'HQ',
      'query with its question mark',
      unlessBad(parts => /\?[^]*$/.exec(parts.target)?.[0] ?? ''),
    ),
    nothing: 'without quotes',
  },
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
  REQUEST_LINE,
  textAlias('ID', 'identifier of the request', ctx => ctx.uniqueId),
  numberAlias('ST', 'status answered to the client, -1 when the client got none', statusOf),
  numberAlias('ac', 'connections of the process', ctx => ctx.stats.processConnections()),
  textAlias('b', 'backend', backendName),
  numberAlias('bc', 'connections of the backend', backendConnections),
  numberAlias('fc', 'connections of the frontend', frontendConnections),
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
  textAlias('s', 'server', serverName),
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
