/** Responses before the real one (RFC 9110 section 15.2): no more than text, and nothing waits for them. */
import { reasonPhrase } from '../../http/reasons.ts';
import type { Http1RequestHead } from '../../http/request-head.ts';
import type { Connection } from '../../net/connection.ts';
import type { ReplyHeader } from '../../rules/reply.ts';
import type { Answer } from './answer.ts';

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
  if (requestHead.version < 11 || !requestHead.expectsContinue) return;
  requestHead.headers.remove('expect');
  answer.sendAhead(clientConnection, interimResponse(100, []));
}
