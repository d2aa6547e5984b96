/** May the connection become another protocol's (RFC 9110 section 15.2.2, RFC 6455 section 4.1)? */
import type { Http1RequestHead } from './request-head.ts';
import type { Http1ResponseHead } from './response-head.ts';

/**
 * A 101 is the answer to a client that asked, whose request is over, and it says what it agrees to; to a websocket
 * it shows that the key was understood. Any other 101 is an invalid answer.
 */
export function maySwitch(
  request: Http1RequestHead,
  response: Http1ResponseHead,
  requestRead: boolean,
  relaxed: boolean,
): boolean {
  if (!request.wantsUpgrade || !response.fields.connectionUpgrade || !requestRead) return false;
  return relaxed || !response.fields.isWebsocket || response.headers.has('sec-websocket-accept');
}
