/** May the connection become another protocol's (RFC 9110 section 15.2.2, RFC 6455 section 4.1)? */
import { createHash } from 'node:crypto';
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
  return relaxed || !response.fields.isWebsocket || isKeyUnderstood(request, response);
}

/** Clients of HTTP/1 look for themselves; a key for one of HTTP/2 was made here (http2/request-reader.ts). */
function isKeyUnderstood(request: Http1RequestHead, response: Http1ResponseHead): boolean {
  const accept = response.headers.get('sec-websocket-accept');
  if (accept === undefined || request.version < 20) return accept !== undefined;
  return accept === websocketAccept(request.headers.get('sec-websocket-key') ?? '');
}

/** What shows that a key was understood. */
export function websocketAccept(key: string): string {
  return createHash('sha1').update(`${key}${WEBSOCKET_GUID}`).digest('base64');
}

/** RFC 6455 section 1.3. */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
