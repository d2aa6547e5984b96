/**
 * What has come of one response in HTTP/2 and is not taken yet, in the form HTTP/1 gives it: heads, then the content,
 * framed as chunks where it has no length. Pieces of content that come while nobody takes them become one chunk.
 *
 *   #buffer  [ headroom | heads | gap | content ··· | ]      take() closes the gap and frames the content
 *
 * What was taken stays untouched until the next take(); what comes meanwhile goes into other memory.
 */
import { latin1Write } from '../../base/latin1.ts';
import type { BufferPool } from '../../net/buffer-pool.ts';

/** In front of what is taken, for what rules add to a head. */
export const HEADROOM = 256;
/** The line with a chunk's size, and what ends the chunk. */
const SIZE_LINE = 10;
const CHUNK_END = 2;
const LAST_CHUNK = '0\r\n';

const NONE: Buffer = Buffer.alloc(0);

export class ResponseBytes {
  /** What was taken last. */
  buffer = NONE;
  start = 0;
  end = 0;
  /** Bytes of content in it. */
  content = 0;
  /** The content is framed as chunks. */
  chunked = false;
  readonly #pool: BufferPool;
  #next = NONE;
  #headStart = HEADROOM;
  #headEnd = HEADROOM;
  /** The content; it begins behind a gap. */
  #from = 0;
  #to = 0;
  /** Trailers, and with them the end. */
  #last: string | undefined;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  get isEmpty(): boolean {
    return this.#headEnd === this.#headStart && this.#to === this.#from && this.#last === undefined;
  }

  /** Bytes of heads that nobody has taken. */
  get heads(): number {
    return this.#headEnd - this.#headStart;
  }

  /** Behind other heads, and before all content. */
  addHead(text: string): void {
    this.#reserve(this.#headEnd + text.length + SIZE_LINE);
    this.#headEnd += latin1Write(this.#next, text, this.#headEnd);
  }

  addContent(bytes: Buffer, start: number, end: number): void {
    if (this.#from === this.#to) this.#from = this.#to = this.#headEnd + SIZE_LINE;
    this.#reserve(this.#to + end - start + CHUNK_END);
    bytes.copy(this.#next, this.#to, start, end);
    this.#to += end - start;
  }

  /** That was all content. `trailers`: their lines. */
  addEnd(trailers: string): void {
    if (!this.chunked) return;
    if (this.#from === this.#to) this.#from = this.#to = this.#headEnd + SIZE_LINE;
    this.#last = `${LAST_CHUNK}${trailers}\r\n`;
    this.#reserve(this.#to + CHUNK_END + this.#last.length);
  }

  #reserve(size: number): void {
    const { length } = this.#next;
    if (size <= length) return;
    const before = this.#next;
    if (length === 0 && size <= this.#pool.size) {
      this.#next = this.#pool.take();
      return;
    }
    this.#next = Buffer.allocUnsafeSlow(Math.max(size, 2 * length));
    if (length === 0) return;
    before.copy(
      this.#next,
      this.#headStart,
      this.#headStart,
      Math.min(length, Math.max(this.#to, this.#headEnd)),
    );
    this.#giveBack(before);
  }

  #giveBack(buffer: Buffer): void {
    if (buffer.length === this.#pool.size) this.#pool.give(buffer);
  }

  /** What there is becomes `buffer[start..end]`; what that was before is free. */
  take(): void {
    this.release();
    const content = this.#to - this.#from;
    const hasBody = content > 0 || this.#last !== undefined;
    this.buffer = this.#next;
    this.content = content;
    this.start = hasBody ? this.#close(content) : this.#headStart;
    this.end = hasBody ? this.#endOf(content) : this.#headEnd;
    this.#next = NONE;
    this.#headStart = this.#headEnd = HEADROOM;
    this.#from = this.#to = 0;
    this.#last = undefined;
  }

  /** The heads are moved to where the content begins, behind them the size of the chunk; gives where they start. */
  #close(content: number): number {
    const size = this.chunked && content > 0 ? `${content.toString(16)}\r\n` : '';
    const heads = this.#headEnd - this.#headStart;
    const sizeAt = this.#from - size.length;
    if (size !== '') latin1Write(this.buffer, size, sizeAt);
    if (heads > 0) this.buffer.copyWithin(sizeAt - heads, this.#headStart, this.#headEnd);
    return sizeAt - heads;
  }

  #endOf(content: number): number {
    let end = this.#to;
    if (this.chunked && content > 0) end += latin1Write(this.buffer, '\r\n', end);
    return this.#last === undefined ? end : end + latin1Write(this.buffer, this.#last, end);
  }

  /** What was taken is not needed any more. */
  release(): void {
    if (this.buffer.length > 0) this.#giveBack(this.buffer);
    this.buffer = NONE;
  }

  /** Nobody wants what is here. What was taken may be under way still: it is left to be collected. */
  drop(): void {
    if (this.#next.length > 0) this.#giveBack(this.#next);
    if (this.buffer.length === this.#pool.size) this.#pool.taken--;
    this.#next = this.buffer = NONE;
    this.#headStart = this.#headEnd = HEADROOM;
    this.#from = this.#to = 0;
    this.#last = undefined;
  }
}
