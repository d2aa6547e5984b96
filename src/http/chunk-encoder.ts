/** Frames content as chunks (RFC 9112 section 7.1), for bodies whose length is not known beforehand. */
import { latin1Write } from '../base/latin1.ts';

/** Ends a chunk's data. */
export const CHUNK_END = Buffer.from('\r\n', 'latin1');
/** Ends a body. */
export const LAST_CHUNK = Buffer.from('0\r\n\r\n', 'latin1');

/** Writes a chunk's size line; gives the bytes written. The data and CHUNK_END follow. `size` is not 0. */
export function chunkHead(buffer: Buffer, offset: number, size: number): number {
  return latin1Write(buffer, `${size.toString(16)}\r\n`, offset);
}
