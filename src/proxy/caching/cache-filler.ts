/** Stores one response in one cache, piece by piece as it passes (RFC 9111 section 3). */
import type { HttpCache } from '../../state/http-cache/http-cache.ts';

export class CacheFiller {
  readonly #cache: HttpCache;
  readonly #headLength: number;
  readonly #isChunked: boolean;
  /** 0: it is over, one way or the other. */
  #entry: number;
  #bodyLength = 0;
  #trailers = '';

  /** `entry`: begun, and its head of that many bytes is in it. */
  constructor(cache: HttpCache, entry: number, headLength: number, isChunked: boolean) {
    this.#cache = cache;
    this.#entry = entry;
    this.#headLength = headLength;
    this.#isChunked = isChunked;
  }

  get active(): boolean {
    return this.#entry !== 0;
  }

  content(buffer: Buffer, start: number, end: number): void {
    if (this.#entry === 0) return;
    if (this.#cache.append(this.#entry, buffer, start, end)) this.#bodyLength += end - start;
    else this.abandon();
  }

  trailers(lines: string): void {
    this.#trailers = lines;
  }

  /** All of it has come. */
  end(): void {
    const entry = this.#entry;
    if (entry === 0) return;
    if (this.#isChunked) {
      const closing = `${this.#bodyLength > 0 ? '\r\n' : ''}0\r\n${this.#trailers}\r\n`;
      const bytes = Buffer.from(closing, 'latin1');
      if (!this.#cache.append(entry, bytes, 0, bytes.length)) return this.abandon();
    }
    this.#entry = 0;
    this.#cache.complete(entry, this.#headLength, this.#bodyLength);
  }

  /** It did not come to its end, or it is too large. */
  abandon(): void {
    const entry = this.#entry;
    this.#entry = 0;
    if (entry !== 0) this.#cache.abandon(entry);
  }
}
