/**
 * Rules may remove or set Content-Length and Transfer-Encoding, but not where a body that is on its way ends:
 * before a head is written out, both fields are made to say the truth again. They may change the status, too, and
 * with it whether the client expects a body.
 */
import { discardAll } from './framing.ts';
import type { HeaderList } from './header-list.ts';

export function restoreLengths(headers: HeaderList, chunked: boolean, contentLength: number): void {
  discardAll(headers, 'content-length');
  discardAll(headers, 'transfer-encoding');
  if (chunked) headers.add('Transfer-Encoding', 'chunked');
  else if (contentLength >= 0) headers.add('Content-Length', String(contentLength));
}

/** RFC 9112 section 6.3: whatever its fields say, such a response ends with its head. */
export function endsWithHead(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}
