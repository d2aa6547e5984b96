/** How an answer of the balancer's own becomes a response, and interim ones, which are no more than text. */
import { reasonPhrase } from '../http/reasons.ts';
import type { Http1RequestHead } from '../http/request-head.ts';
import type { Http1ResponseHead } from '../http/response-head.ts';
import type { Connection } from '../net/connection.ts';
import type { Reply, ReplyHeader } from '../rules/reply.ts';
import type { Answer } from './answer.ts';

/**
 * So that `http-after-response` rules see it as they see a server's. Pieces go in chunks, where the client knows them;
 * elsewhere the end of the connection ends the body.
 */
export function fillResponse(
  { status, reason, ...reply }: Reply,
  head: Http1ResponseHead,
  version: number,
): void {
  const { headers } = head;
  head.reset();
  for (const [name, value] of reply.headers) headers.add(name, value);
  if (reply.stream === undefined) {
    const length = headers.has('content-length') ? reply.body.length : -1;
    head.composed(status, reason, length > 0 ? 'length' : 'none', length, reply.version);
  } else if (version >= 11) {
    headers.add('transfer-encoding', 'chunked');
    head.composed(status, reason, 'chunked', -1);
  } else head.composed(status, reason, 'close', -1);
}

/** A 1xx response, as it is sent. */
export function interimResponse(status: number, headers: readonly ReplyHeader[]): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value.replace(/[\0\r\n]/g, ' ')}\r\n`);
  return Buffer.from(`HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n${lines.join('')}\r\n`, 'latin1');
}

interface Invitation {
  readonly requestHead: Http1RequestHead;
  readonly answer: Answer;
  readonly clientConnection: Connection;
}

/** `Expect: 100-continue` of a client whose body is waited for before a server has the request (RFC 9110 section 10.1.1). */
export function inviteBody({ requestHead, answer, clientConnection }: Invitation): void {
  const { headers, version } = requestHead;
  if (version < 11 || headers.get('expect')?.toLowerCase() !== '100-continue') return;
  headers.remove('expect');
  answer.sendAhead(clientConnection, interimResponse(100, []));
}
