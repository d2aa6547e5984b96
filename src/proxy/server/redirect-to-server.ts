/**
 * `redir <prefix>`: clients that come with GET or HEAD are sent to the server's own address, and nothing is dialed (manual,
 * section 5.2). Called by http-stream.ts when the server is chosen.
 */
import type { Reply } from '../../rules/reply.ts';
import type { HttpExchange } from '../http-exchange.ts';
import type { ServerRuntime } from '../runtime/runtime.ts';

/** False: it is not one of those. */
export function redirectToServer(stream: HttpExchange, server: ServerRuntime): boolean {
  const { redirPrefix } = server;
  const { method, target } = stream.requestHead;
  if (redirPrefix === undefined || (method !== 'GET' && method !== 'HEAD')) return false;
  stream.transaction.termination.set('L', 'C');
  stream.transaction.counts.session(server);
  stream.replyWith(redirection(redirPrefix, target));
  return true;
}

/** 302 to the same path somewhere else. */
function redirection(prefix: string, target: string): Reply {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
  const headers = [
    ['content-length', '0'],
    ['cache-control', 'no-cache'],
    ['location', prefix + path],
  ] as const;
  return { status: 302, reason: 'Found', headers, body: Buffer.alloc(0) };
}
