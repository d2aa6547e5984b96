/**
 * Rules may remove or set Content-Length and Transfer-Encoding, but not where a body that is on its way ends:
 * before a head is written out, both fields are made to say the truth again.
 */
import { discardAll } from './framing.ts';
import type { HeaderList } from './header-list.ts';

export function restoreLengths(headers: HeaderList, chunked: boolean, contentLength: number): void {
  discardAll(headers, 'content-length');
  discardAll(headers, 'transfer-encoding');
  if (chunked) headers.add('Transfer-Encoding', 'chunked');
  else if (contentLength >= 0) headers.add('Content-Length', String(contentLength));
}
