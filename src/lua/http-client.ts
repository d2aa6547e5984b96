/** One request that a script makes (HAProxy's Lua API: HTTPClient class), over Node's own client. */
import { request as requestPlain, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { HttpClientSettings } from './http-client-settings.ts';
import type { SocketTarget } from './socket.ts';

export interface ClientAsk {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | undefined;
  /** Where to connect instead of the URL's host. */
  readonly target: SocketTarget | undefined;
  readonly timeoutMs: number;
}

export interface ClientAnswer {
  readonly status: number;
  readonly reason: string;
  /** Names and values, one after the other, as they came. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

const UNREACHED: ClientAnswer = {
  status: 503,
  reason: 'Service Unavailable',
  headers: [],
  body: Buffer.alloc(0),
};
const LATE: ClientAnswer = { status: 504, reason: 'Gateway Time-out', headers: [], body: Buffer.alloc(0) };

/** Answers how to give up. Connections that cannot be made are tried again; what was sent once is not sent again. */
export function askServer(
  ask: ClientAsk,
  settings: HttpClientSettings,
  done: (answer: ClientAnswer) => void,
): () => void {
  let isOver = false;
  let retries = settings.retries;
  let request: ClientRequest | undefined;
  const stop = (): void => {
    isOver = true;
    request?.destroy();
  };
  const over = (answer: ClientAnswer): void => {
    if (isOver) return;
    stop();
    done(answer);
  };
  const attempt = (): void => {
    request = open(ask, settings);
    if (ask.timeoutMs > 0) request.setTimeout(ask.timeoutMs, () => over(LATE));
    const isConnected = watchConnect(request, settings.connectTimeoutMs);
    request.on('error', () => {
      if (isOver) return;
      if (isConnected() || retries-- <= 0) over(UNREACHED);
      else attempt();
    });
    request.on('response', response => collect(response, over));
    request.end(ask.body);
  };
  attempt();
  return stop;
}

/** Breaks it off when it has no connection in time; answers whether it has one. */
function watchConnect(request: ClientRequest, timeoutMs: number): () => boolean {
  let isConnected = false;
  const late =
    timeoutMs > 0 ? setTimeout(() => request.destroy(new Error('timed out')), timeoutMs) : undefined;
  const settle = (connected: boolean): void => {
    isConnected ||= connected;
    clearTimeout(late);
  };
  request.on('close', () => settle(false));
  request.on('socket', socket => {
    const event = socket instanceof TLSSocket ? 'secureConnect' : 'connect';
    socket.once(event, () => settle(true));
  });
  return () => isConnected;
}

function open(
  { method, url, headers, target, body }: ClientAsk,
  settings: HttpClientSettings,
): ClientRequest {
  const isTls = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const place =
    target === undefined
      ? {
          host,
          port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
        }
      : target.kind === 'unix'
        ? { socketPath: target.path }
        : { host: target.host, port: target.port };
  const names = headers.map(([name]) => name.toLowerCase());
  const own: Record<string, string[]> = {};
  for (const [name, value] of headers) (own[name] ??= []).push(value);
  if (!names.includes('host')) own['host'] = [url.host];
  if (!names.includes('user-agent')) own['user-agent'] = ['HAProxy'];
  if (body !== undefined && !names.includes('content-length')) own['content-length'] = [String(body.length)];
  const options = {
    ...place,
    method,
    path: url.pathname + url.search,
    headers: own,
    agent: false,
    setHost: false,
    lookup: lookupBy(settings),
    servername: isIP(host) === 0 ? host : '',
  };
  if (!isTls) return requestPlain(options);
  const { verifies } = settings;
  return requestTls({
    ...options,
    rejectUnauthorized: verifies,
    ...(verifies && { ca: [...settings.authorities()] }),
  });
}

/** Host names as the system knows them, addresses of the preferred family first. */
function lookupBy({ resolves, prefers }: HttpClientSettings): LookupFunction {
  return (host, options, done) => {
    if (!resolves) return done(new Error('names are not resolved'), '', 0);
    lookup(host, { ...options, all: true }, (error, found) => {
      const addresses = error === null ? found.toSorted((one, two) => rank(one) - rank(two)) : [];
      const [first] = addresses;
      if (first === undefined) done(error ?? new Error('no address'), '', 0);
      else if (options.all === true) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
  function rank({ family }: { readonly family: number }): number {
    return family === prefers ? 0 : 1;
  }
}

function collect(response: IncomingMessage, over: (answer: ClientAnswer) => void): void {
  const chunks: Buffer[] = [];
  const { statusCode: status = 0, statusMessage: reason = '', rawHeaders: headers } = response;
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('error', () => over(UNREACHED));
  response.on('end', () => over({ status, reason, headers, body: Buffer.concat(chunks) }));
}
