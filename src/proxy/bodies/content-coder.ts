/**
 * Makes chunks of a body's content (RFC 9112 section 7.1): compressed ones, or the content as it is. What comes out
 * of a slice is complete when `done` is called, so that the reader never waits for bytes that are here already.
 */
import { CHUNK_END, chunkHead, LAST_CHUNK } from '../../http/chunk-encoder.ts';

export type CodingName = 'identity' | 'gzip' | 'deflate' | 'raw-deflate';

export interface ContentCoder {
  /** Hears of an error that ends it. */
  failed: () => void;
  /**
   * `done` may be called before this returns. A coder that takes its time may call it more than once: with parts of what
   * becomes of the content, and again for what comes by itself later.
   */
  code(content: Buffer, last: boolean, done: (coded: Buffer, isPart?: boolean) => void): void;
  /** All it has given so far is sent, or copied: its memory may be used again. Absent: it makes new memory each time. */
  sent?(): void;
  /** `intact`: nothing is under way, another body may follow. */
  close(intact: boolean): void;
}

const CHUNK_HEAD_ROOM = 16;

/** What chunk() writes beside the content. */
export const FRAMING_ROOM = CHUNK_HEAD_ROOM + CHUNK_END.length + LAST_CHUNK.length;

/** One chunk of all pieces, and the last one behind it; nothing at all of nothing. */
export function chunk(pieces: readonly Buffer[], last: boolean): Buffer {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return writeChunk(Buffer.allocUnsafe(size + FRAMING_ROOM), pieces, size, last);
}

/** The same where `size` bytes of content fit in. */
export function writeChunk(whole: Buffer, pieces: readonly Buffer[], size: number, last: boolean): Buffer {
  let at = 0;
  if (size > 0) {
    at = chunkHead(whole, 0, size);
    for (const piece of pieces) at += piece.copy(whole, at);
    at += CHUNK_END.copy(whole, at);
  }
  if (last) at += LAST_CHUNK.copy(whole, at);
  return whole.subarray(0, at);
}

/** The content as it is: only its framing changes. */
export class PlainCoder implements ContentCoder {
  failed: () => void = () => undefined;

  code(content: Buffer, last: boolean, done: (coded: Buffer) => void): void {
    done(chunk([content], last));
  }

  close(): void {
    // nothing is kept
  }
}
