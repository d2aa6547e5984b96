/** Clients that speak HTTP/2 without TLS, by node:http2. Closed in t.after; every wait has an end. */
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2';
import type { TestContext } from 'node:test';

const PATIENCE_MS = 60_000;

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders;
  /** Statuses of 1xx heads before it. */
  readonly interim: readonly number[];
  /** 0: the stream ended well. */
  readonly code: number;
}

export interface Http2Ask {
  readonly body?: string | Buffer;
  readonly trailers?: OutgoingHttpHeaders;
}

export async function openHttp2(
  t: TestContext,
  port: number,
  options: SecureClientSessionOptions = {},
  scheme: 'http' | 'https' = 'http',
): Promise<ClientHttp2Session> {
  const session = connect(`${scheme}://127.0.0.1:${port}`, options);
  session.on('error', () => undefined);
  t.after(() => session.destroy());
  await bounded('the connection', once(session, 'connect'));
  return session;
}

/** The promise, or an error that says what was waited for. */
export async function bounded<Value>(what: string, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come in ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export async function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  { body, trailers }: Http2Ask = {},
): Promise<Http2Answer> {
  const stream = session.request(headers, {
    endStream: body === undefined && trailers === undefined,
    waitForTrailers: trailers !== undefined,
  });
  if (trailers !== undefined) stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  if (body !== undefined || trailers !== undefined) stream.end(body);
  return answerOf(stream);
}

/** All of it, or what came of it until the stream was closed. */
export async function answerOf(stream: ClientHttp2Stream): Promise<Http2Answer> {
  const chunks: Buffer[] = [];
  const interim: number[] = [];
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  stream.on('headers', found => interim.push(Number(found[':status'])));
  stream.on('response', found => (headers = found));
  stream.on('trailers', found => (trailers = found));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => undefined);
  // once() would fail with the stream
  await bounded(
    'the end of a stream',
    new Promise<void>(resolve => void stream.on('close', () => resolve())),
  );
  const { rstCode: code } = stream;
  const status = Number(headers[':status'] ?? 0);
  return { status, headers, body: Buffer.concat(chunks), trailers, interim, code };
}
