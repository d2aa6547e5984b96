/** One request that a script makes (HAProxy's Lua API: HTTPClient class), over Node's own client. */
import { request as requestPlain, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
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

/** Answers how to give up. */
export function askServer(ask: ClientAsk, done: (answer: ClientAnswer) => void): () => void {
  let isOver = false;
  const over = (answer: ClientAnswer): void => {
    if (isOver) return;
    isOver = true;
    done(answer);
  };
  const request = open(ask);
  if (ask.timeoutMs > 0)
    request.setTimeout(ask.timeoutMs, () => {
      over(LATE);
      request.destroy();
    });
  request.on('error', () => over(UNREACHED));
  request.on('response', response => collect(response, over));
  request.end(ask.body);
  return () => {
    isOver = true;
    request.destroy();
  };
}

function open({ method, url, headers, target, body }: ClientAsk): ClientRequest {
  const isTls = url.protocol === 'https:';
  const place =
    target === undefined
      ? {
          host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
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
    rejectUnauthorized: true,
    servername: url.hostname,
  };
  return isTls ? requestTls(options) : requestPlain(options);
}

function collect(response: IncomingMessage, over: (answer: ClientAnswer) => void): void {
  const chunks: Buffer[] = [];
  const { statusCode: status = 0, statusMessage: reason = '', rawHeaders: headers } = response;
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('error', () => over(UNREACHED));
  response.on('end', () => over({ status, reason, headers, body: Buffer.concat(chunks) }));
}
