/** Answers of the balancer's own that no configuration replaces, and how any own answer becomes a response. */
import { reasonPhrase } from '../http/reasons.ts';
import type { Http1ResponseHead } from '../http/response-head.ts';
import type { Reply, ReplyHeader } from '../rules/reply.ts';

/** 302 to the same path somewhere else. */
export function redirection(prefix: string, target: string): Reply {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
  const headers = [
    ['content-length', '0'],
    ['cache-control', 'no-cache'],
    ['location', prefix + path],
  ] as const;
  return { status: 302, reason: 'Found', headers, body: Buffer.alloc(0) };
}

/** So that `http-after-response` rules see it as they see a server's. */
export function fillResponse(reply: Reply, head: Http1ResponseHead): void {
  head.reset();
  head.status = reply.status;
  head.reason = reply.reason;
  head.version = 11;
  for (const [name, value] of reply.headers) head.headers.add(name, value);
}

/** A 1xx response, as it is sent. */
export function interimResponse(status: number, headers: readonly ReplyHeader[]): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value.replace(/[\0\r\n]/g, ' ')}\r\n`);
  return Buffer.from(`HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n${lines.join('')}\r\n`, 'latin1');
}
