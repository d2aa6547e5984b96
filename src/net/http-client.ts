/**
 * Requests that this program makes of its own, over Node's client: those of scripts (HAProxy's Lua API, HTTPClient class)
 * and those for OCSP responses.
 */
import { request as requestPlain, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import { hostLookup, type HostLookup } from './host-lookup.ts';

/** `httpclient.*` (manual, section 3): how servers are found, reached and trusted. */
export interface HttpClientSettings extends HostLookup {
  /** Of connections that fail. */
  readonly retries: number;
  readonly connectTimeoutMs: number;
  readonly verifies: boolean;
  /** PEM; read from the system when they are asked for the first time, where the configuration names none. */
  readonly authorities: () => readonly string[];
}

type HttpTarget =
  | { readonly kind: 'ip'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

export interface ClientAsk {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | undefined;
  /** Where to connect instead of the URL's host. */
  readonly target: HttpTarget | undefined;
  /** The target is a proxy, which wants the whole URL. */
  readonly byProxy?: boolean;
  /** Without a byte. */
  readonly timeoutMs: number;
  /** Longer bodies are broken off and count as no answer. */
  readonly mostBytes?: number;
}

export interface ClientAnswer {
  readonly status: number;
  readonly reason: string;
  /** Names and values, one after the other, as they came. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** How it went, for who logs it. */
export interface ClientCourse {
  /** From the last attempt to its connection; -1: there was none. */
  readonly connectMs: number;
  /** Attempts beyond the first. */
  readonly retries: number;
  /** Why there is no answer of a server, where the system says so. */
  readonly failure?: string;
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
  done: (answer: ClientAnswer, course: ClientCourse) => void,
): () => void {
  let isOver = false;
  let retries = 0;
  let request: ClientRequest | undefined;
  const stop = (): void => {
    isOver = true;
    request?.destroy();
  };
  let connected = (): number => NOT_CONNECTED;
  const over = (answer: ClientAnswer, failure?: string): void => {
    if (isOver) return;
    stop();
    done(answer, { connectMs: connected(), retries, ...(failure !== undefined && { failure }) });
  };
  const attempt = (): void => {
    request = open(ask, settings);
    if (ask.timeoutMs > 0) request.setTimeout(ask.timeoutMs, () => over(LATE, 'timed out'));
    connected = watchConnect(request, settings.connectTimeoutMs);
    request.on('error', ({ message }) => {
      if (isOver) return;
      if (connected() !== NOT_CONNECTED || retries >= settings.retries) return over(UNREACHED, message);
      retries++;
      attempt();
    });
    request.on('response', response => collect(response, ask.mostBytes ?? Infinity, over));
    request.end(ask.body);
  };
  attempt();
  return stop;
}

const NOT_CONNECTED = -1;

/** Breaks it off when it has no connection in time; answers when it had one, in milliseconds from now. */
function watchConnect(request: ClientRequest, timeoutMs: number): () => number {
  const fromMs = performance.now();
  let connectMs = NOT_CONNECTED;
  const late =
    timeoutMs > 0 ? setTimeout(() => request.destroy(new Error('timed out')), timeoutMs) : undefined;
  request.on('close', () => clearTimeout(late));
  request.on('socket', socket => {
    const event = socket instanceof TLSSocket ? 'secureConnect' : 'connect';
    socket.once(event, () => {
      connectMs = Math.round(performance.now() - fromMs);
      clearTimeout(late);
    });
  });
  return () => connectMs;
}

function open(
  { method, url, headers, target, body, byProxy = false }: ClientAsk,
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
  if (!names.includes('accept')) own['accept'] = ['*/*'];
  if (body !== undefined && !names.includes('content-length')) own['content-length'] = [String(body.length)];
  const options = {
    ...place,
    method,
    path: byProxy ? url.href : url.pathname + url.search,
    headers: own,
    agent: false,
    setHost: false,
    lookup: hostLookup(settings),
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

function collect(
  response: IncomingMessage,
  mostBytes: number,
  over: (answer: ClientAnswer, failure?: string) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const { statusCode: status = 0, statusMessage: reason = '', rawHeaders: headers } = response;
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > mostBytes) over(UNREACHED, `more than ${mostBytes} bytes`);
  });
  response.on('error', () => over(UNREACHED, 'the answer broke off'));
  response.on('end', () => over({ status, reason, headers, body: Buffer.concat(chunks) }));
}
