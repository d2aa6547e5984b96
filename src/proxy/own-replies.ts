/** Answers of the balancer's own that no configuration replaces, and how any own answer becomes a response. */
import { errorPage } from '../http/error-pages.ts';
import type { Http1ResponseHead } from '../http/response-head.ts';
import type { Reply } from '../rules/reply.ts';

const pages = new Map<number, Reply>();

export function errorReply(status: number): Reply {
  let reply = pages.get(status);
  if (reply === undefined) {
    reply = makePage(status);
    pages.set(status, reply);
  }
  return reply;
}

function makePage(status: number): Reply {
  const page = errorPage(status);
  const body = Buffer.from(page.body, 'latin1');
  return {
    status,
    reason: page.reason,
    headers: [
      ['content-length', String(body.length)],
      ['cache-control', 'no-cache'],
      ['content-type', 'text/html'],
    ],
    body,
  };
}

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
