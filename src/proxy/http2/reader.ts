/** The reader of requests of a thread: one block of fields is read at a time, whichever connection it is of. */
import { RequestReader } from '../../http2/request-reader.ts';

let reader: RequestReader | undefined;
let readerBytes = 0;

/** `maxListBytes`: as it is for all connections of the thread. */
export function readerOf(maxListBytes: number): RequestReader {
  if (reader === undefined || readerBytes !== maxListBytes) {
    reader = new RequestReader(maxListBytes);
    readerBytes = maxListBytes;
  }
  return reader;
}
