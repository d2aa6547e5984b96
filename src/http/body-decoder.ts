/**
 * Finds a body's end in received slices and makes what is sent on canonical, in place: of a chunked body the
 * framing stays, but chunk extensions are cut out and trailers checked, so that the next reader cannot read it
 * differently (RFC 9112 section 7.1).
 *
 *   slice   [5;ext=1\r\n hello\r\n 0\r\n\r\n GET ...]
 *   output  [5\r\n hello\r\n 0\r\n\r\n]            consumed: up to GET
 */
import { CLASS, FIELD, HEX, TOKEN } from './char-class.ts';
import type { Framing } from './framing.ts';

export const BODY_OK = 0;
export const BAD_CHUNK_SIZE = 1;
export const BAD_CHUNK_END = 2;
export const BAD_TRAILER = 3;

// states of a chunked body
const SIZE_FIRST = 0;
const SIZE = 1;
const EXTENSION = 2;
const SIZE_LF = 3;
const DATA = 4;
const DATA_CR = 5;
const DATA_LF = 6;
const TRAILER_START = 7;
const TRAILER_NAME = 8;
const TRAILER_VALUE = 9;
const TRAILER_LF = 10;
const LAST_LF = 11;

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;
const COLON = 0x3a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const TAB = 0x09;
const LARGEST_CHUNK = 2 ** 48;
const MOST_TRAILER_BYTES = 8192;

export class BodyDecoder {
  done = true;
  error = BODY_OK;
  /** Trailers are checked, but not sent on. Said after start(), before the first decode(). */
  dropTrailers = false;
  /** What the last decode() left to be sent on, in the slice it was given. */
  outStart = 0;
  outEnd = 0;
  /** Body bytes without framing, so far. */
  bodyBytes = 0;
  #framing: Framing = 'none';
  #state = SIZE_FIRST;
  /** Bytes still to come: of the body, or of the current chunk. */
  #left = 0;
  #bare = false;
  #quoted = false;
  #escaped = false;
  #trailerBytes = 0;

  /** `bare`: of a chunked body only the data is left, without framing and trailers. */
  start(framing: Framing, contentLength: number, bare = false): void {
    this.#framing = framing;
    this.#bare = bare;
    this.#left = framing === 'length' ? contentLength : 0;
    this.#state = SIZE_FIRST;
    this.#quoted = false;
    this.#escaped = false;
    this.#trailerBytes = 0;
    this.error = BODY_OK;
    this.dropTrailers = false;
    this.bodyBytes = 0;
    this.outStart = 0;
    this.outEnd = 0;
    this.done = framing === 'none' || (framing === 'length' && contentLength === 0);
  }

  /** Takes what belongs to the body from `buffer[start..end]`; gives how many bytes that were. */
  decode(buffer: Buffer, start: number, end: number): number {
    this.outStart = start;
    this.outEnd = start;
    if (this.done) return 0;
    if (this.#framing === 'chunked') return this.#decodeChunked(buffer, start, end) - start;
    const length = this.#framing === 'length' ? Math.min(this.#left, end - start) : end - start;
    this.outEnd = start + length;
    this.bodyBytes += length;
    if (this.#framing === 'length') {
      this.#left -= length;
      this.done = this.#left === 0;
    }
    return length;
  }

  /** The peer has sent FIN: true when that is a proper end. */
  endOfStream(): boolean {
    if (this.#framing === 'close' || this.#framing === 'tunnel') this.done = true;
    return this.done;
  }

  // One state machine over the bytes; data is skipped over, not read. `out` lags behind `at` once an extension
  // was cut out, and from then on what follows is moved down.
  #decodeChunked(buffer: Buffer, start: number, end: number): number {
    let at = start;
    let out = start;
    while (at < end && !this.done && this.error === BODY_OK) {
      if (this.#state === DATA) {
        const length = Math.min(this.#left, end - at);
        if (out !== at) buffer.copyWithin(out, at, at + length);
        at += length;
        out += length;
        this.#left -= length;
        this.bodyBytes += length;
        if (this.#left === 0) this.#state = DATA_CR;
        continue;
      }
      const byte = buffer[at++] as number;
      if (this.#step(byte) && !this.#bare) buffer[out++] = byte;
    }
    this.outEnd = out;
    return at;
  }

  /** One byte of framing; true when it is sent on. */
  #step(byte: number): boolean {
    switch (this.#state) {
      case SIZE_FIRST:
      case SIZE:
        return this.#size(byte);
      case EXTENSION:
        return this.#extension(byte);
      case SIZE_LF:
        return this.#sizeEnd(byte);
      case DATA_CR:
        return this.#expect(byte, CR, DATA_LF);
      case DATA_LF:
        return this.#expect(byte, LF, SIZE_FIRST);
      default:
        return this.#trailer(byte);
    }
  }

  #size(byte: number): boolean {
    if (((CLASS[byte] as number) & HEX) !== 0) {
      this.#left = this.#left * 16 + hexValue(byte);
      this.#state = SIZE;
      if (this.#left > LARGEST_CHUNK) this.error = BAD_CHUNK_SIZE;
      return true;
    }
    if (this.#state === SIZE && byte === CR) this.#state = SIZE_LF;
    else if (this.#state === SIZE && byte === SEMICOLON) this.#state = EXTENSION;
    else this.error = BAD_CHUNK_SIZE;
    return byte === CR;
  }

  #extension(byte: number): boolean {
    if (this.#escaped) this.#escaped = false;
    else if (byte === QUOTE) this.#quoted = !this.#quoted;
    else if (this.#quoted && byte === BACKSLASH) this.#escaped = true;
    if (byte === CR && !this.#quoted) {
      this.#state = SIZE_LF;
      return true;
    }
    if (((CLASS[byte] as number) & FIELD) === 0) this.error = BAD_CHUNK_SIZE;
    return false;
  }

  #sizeEnd(byte: number): boolean {
    if (byte !== LF) this.error = BAD_CHUNK_SIZE;
    this.#state = this.#left === 0 ? TRAILER_START : DATA;
    return true;
  }

  #expect(byte: number, wanted: number, next: number): boolean {
    if (byte !== wanted) this.error = BAD_CHUNK_END;
    this.#state = next;
    return true;
  }

  #trailer(byte: number): boolean {
    if (++this.#trailerBytes > MOST_TRAILER_BYTES) this.error = BAD_TRAILER;
    switch (this.#state) {
      case TRAILER_START:
        if (byte === CR) this.#state = LAST_LF;
        else if (((CLASS[byte] as number) & TOKEN) !== 0) this.#state = TRAILER_NAME;
        else this.error = BAD_TRAILER;
        break;
      case TRAILER_NAME:
        if (byte === COLON) this.#state = TRAILER_VALUE;
        else if (((CLASS[byte] as number) & TOKEN) === 0) this.error = BAD_TRAILER;
        break;
      case TRAILER_VALUE:
        if (byte === CR) this.#state = TRAILER_LF;
        else if (((CLASS[byte] as number) & FIELD) === 0 && byte !== TAB && byte !== SPACE)
          this.error = BAD_TRAILER;
        break;
      case TRAILER_LF:
        if (byte !== LF) this.error = BAD_TRAILER;
        this.#state = TRAILER_START;
        break;
      default:
        if (byte !== LF) this.error = BAD_TRAILER;
        this.done = true;
    }
    return !this.dropTrailers || this.#state === LAST_LF;
  }
}

function hexValue(byte: number): number {
  return byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57;
}
