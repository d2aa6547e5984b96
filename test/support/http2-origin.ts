/** Servers that speak HTTP/2 by node:http2, for tests to balance over. Closed in t.after. */
import { once } from 'node:events';
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Certificate } from './certificates.ts';

export interface Http2Origin {
  readonly port: number;
  /** `127.0.0.1:port` */
  readonly address: string;
  /** Connections so far, and streams of each. */
  readonly sessions: { readonly session: ServerHttp2Session; streams: number; most: number; open: number }[];
  /** Codes of the GOAWAY frames received. */
  readonly goaways: number[];
}

export type Http2Serve = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  raw: readonly string[],
) => void;

interface Http2OriginOptions {
  readonly settings?: Settings;
  /** Speaks TLS, and HTTP/2 by ALPN. */
  readonly certificate?: Certificate;
}

export async function startHttp2Origin(
  t: TestContext,
  serve: Http2Serve = tell,
  { settings = {}, certificate }: Http2OriginOptions = {},
): Promise<Http2Origin> {
  const all = { settings: { enableConnectProtocol: true, ...settings } };
  const server: Http2Server =
    certificate === undefined
      ? createServer(all)
      : createSecureServer({ ...all, cert: certificate.cert, key: certificate.key });
  const sessions: Http2Origin['sessions'] = [];
  const goaways: number[] = [];
  server.on('session', session => {
    const seen = { session, streams: 0, most: 0, open: 0 };
    sessions.push(seen);
    session.on('error', () => undefined);
    session.on('goaway', (code: number) => goaways.push(code));
    session.on(
      'stream',
      (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
        seen.streams++;
        seen.most = Math.max(seen.most, ++seen.open);
        stream.on('error', () => undefined);
        stream.on('close', () => seen.open--);
        serve(stream, headers, raw);
      },
    );
  });
  server.on('sessionError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    for (const { session } of sessions) session.destroy();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return { port, address: `127.0.0.1:${port}`, sessions, goaways };
}

/** Tells what it has got, as JSON of a known length. */
export function tell(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]): void {
  const chunks: Buffer[] = [];
  let trailers: IncomingHttpHeaders = {};
  stream.on('trailers', found => (trailers = found));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    const body = Buffer.concat(chunks).toString('latin1');
    const text = JSON.stringify({ fields: raw, body, trailers: { ...trailers } });
    if (stream.destroyed) return;
    stream.respond({ ':status': 200, 'content-length': text.length, 'content-type': 'application/json' });
    stream.end(headers[':method'] === 'HEAD' ? undefined : text);
  });
}

/** Answers with that text once `gate` is open. */
export function answerWhen(gate: Promise<unknown>): Http2Serve {
  return stream => {
    void gate.then(() => {
      if (stream.destroyed) return;
      stream.respond({ ':status': 200, 'content-length': 2 });
      stream.end('ok');
    });
  };
}
