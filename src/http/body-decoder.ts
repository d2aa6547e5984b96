/**
 * Finds a body's end in received slices and makes what is sent on canonical, in place: of a chunked body the
 * framing stays, but chunk extensions and blanks are cut out and trailers checked, so that the next reader cannot
 * read it differently (RFC 9112 section 7.1). For readers of the content the framing is cut out as well.
 *
 *   slice   [5;ext=1\r\n hello\r\n 0\r\n\r\n GET ...]
 *   output  [5\r\n hello\r\n 0\r\n\r\n]            consumed: up to GET
 *
 * A trailer section is taken as a whole or not yet: until its end has come, decode() leaves its bytes unconsumed.
 */
import { CLASS, CR, HEX, isBlank, LF, STRICT_FIELD } from './char-class.ts';
import type { Framing } from './framing.ts';
import { findTrailerEnd, moveTrailers } from './trailers.ts';

export const BODY_OK = 0;
export const BAD_CHUNK_SIZE = 1;
export const BAD_CHUNK_END = 2;
export const BAD_TRAILER = 3;

// states of a chunked body
const SIZE_FIRST = 0;
const SIZE = 1;
const SIZE_BLANK = 2;
const EXTENSION = 3;
const SIZE_LF = 4;
const DATA = 5;
const DATA_CR = 6;
const DATA_LF = 7;
const TRAILERS = 8;

const SEMICOLON = 0x3b;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** As HAProxy: readers that keep sizes in floating point numbers still understand it. */
const LARGEST_CHUNK = 2 ** 52 - 1;
/** Of a chunk's size with its extensions: nothing of an endless line is sent on, and no timeout would end it. */
const LONGEST_SIZE_LINE = 16_384;

/** Is shown a body as it is decoded, piece by piece. */
export interface ContentSink {
  content(buffer: Buffer, start: number, end: number): void;
  /** Field lines, each with its line end. */
  trailers(buffer: Buffer, start: number, end: number): void;
  /** That was all of it. */
  end(): void;
}

/** What the slices become: checked chunks, the content alone, or what they are: then nothing is moved. */
type Output = 'chunks' | 'content' | 'nothing';

export class BodyDecoder {
  done = true;
  error = BODY_OK;
  /** What it was started with, whatever becomes of the head. */
  framing: Framing = 'none';
  contentLength = 0;
  /** What the last decode() left to be sent on, in the slice it was given. */
  outStart = 0;
  outEnd = 0;
  /** Body bytes without framing, so far. */
  bodyBytes = 0;
  /** Trailers are checked, but not sent on. Said after start(), before the first decode(). */
  dropTrailers = false;
  /** Said after start(), before the first decode(). */
  sink: ContentSink | undefined;
  #output: Output = 'chunks';
  #state = SIZE_FIRST;
  /** Bytes still to come: of the body, or of the current chunk. */
  #left = 0;
  #lineBytes = 0;
  #quoted = false;
  #escaped = false;

  start(framing: Framing, contentLength: number, output: Output = 'chunks'): void {
    this.framing = framing;
    this.#output = output;
    this.contentLength = contentLength;
    this.#left = framing === 'length' ? contentLength : 0;
    this.#state = SIZE_FIRST;
    this.#quoted = false;
    this.#escaped = false;
    this.error = BODY_OK;
    this.dropTrailers = false;
    this.sink = undefined;
    this.bodyBytes = 0;
    this.outStart = 0;
    this.outEnd = 0;
    this.done = framing === 'none' || (framing === 'length' && contentLength === 0);
  }

  /** Takes what belongs to the body from `buffer[start..end]`; gives how many bytes that were. */
  decode(buffer: Buffer, start: number, end: number): number {
    this.outStart = start;
    this.outEnd = start;
    if (this.done || this.error !== BODY_OK) return 0;
    if (this.framing === 'chunked') return this.#decodeChunked(buffer, start, end) - start;
    const length = this.framing === 'length' ? Math.min(this.#left, end - start) : end - start;
    this.outEnd = start + length;
    this.bodyBytes += length;
    this.sink?.content(buffer, start, start + length);
    if (this.framing === 'length') {
      this.#left -= length;
      if (this.#left === 0) this.#end();
    }
    return length;
  }

  #end(): void {
    this.done = true;
    this.sink?.end();
  }

  /** Nothing of the body has been taken yet. */
  get untouched(): boolean {
    return this.bodyBytes === 0 && this.#state === SIZE_FIRST && this.error === BODY_OK;
  }

  /** Bytes to come next that nobody has to see: of the body or of the current chunk; Infinity: up to FIN. */
  get plainLeft(): number {
    if (this.sink !== undefined) return 0;
    if (this.framing === 'close') return Infinity;
    if (this.framing === 'chunked' && this.#state !== DATA) return 0;
    return this.#left;
  }

  /** So many of those have gone their way unseen. */
  skip(length: number): void {
    this.bodyBytes += length;
    if (this.framing === 'close') return;
    this.#left -= length;
    if (this.#left > 0) return;
    if (this.framing === 'length') this.done = true;
    else this.#state = DATA_CR;
  }

  /** The peer has sent FIN: true when that is a proper end. */
  endOfStream(): boolean {
    if ((this.framing === 'close' || this.framing === 'tunnel') && !this.done) this.#end();
    return this.done;
  }

  // One state machine over the bytes; data is skipped over, not read. `out` lags behind `at` once something was
  // cut out, and from then on what follows is moved down.
  #decodeChunked(buffer: Buffer, start: number, end: number): number {
    let at = start;
    let out = start;
    while (at < end && this.error === BODY_OK) {
      if (this.#state === DATA) {
        const length = Math.min(this.#left, end - at);
        if (out !== at && this.#output !== 'nothing') buffer.copyWithin(out, at, at + length);
        at += length;
        out += length;
        this.#left -= length;
        this.bodyBytes += length;
        this.sink?.content(buffer, out - length, out);
        if (this.#left === 0) this.#state = DATA_CR;
      } else if (this.#state === TRAILERS) {
        const after = findTrailerEnd(buffer, at, end);
        if (after < 0) this.error = BAD_TRAILER;
        if (after <= 0) break;
        this.sink?.trailers(buffer, at, after - 2);
        if (this.#output === 'chunks') out = moveTrailers(buffer, out, at, after, this.dropTrailers);
        this.#end();
        at = after;
        break;
      } else {
        const byte = buffer[at++] as number;
        if (this.#step(byte) && this.#output === 'chunks') buffer[out++] = byte;
      }
    }
    this.outEnd = out;
    return at;
  }

  /** One byte of framing; true when it is sent on. */
  #step(byte: number): boolean {
    switch (this.#state) {
      case EXTENSION:
        return this.#extension(byte);
      case SIZE_LF:
        return this.#sizeEnd(byte);
      case DATA_CR:
        return this.#expect(byte, CR, DATA_LF);
      case DATA_LF:
        return this.#expect(byte, LF, SIZE_FIRST);
      default:
        return this.#size(byte);
    }
  }

  #size(byte: number): boolean {
    this.#countLine(this.#state === SIZE_FIRST ? 1 : this.#lineBytes + 1);
    if (((CLASS[byte] as number) & HEX) !== 0 && this.#state !== SIZE_BLANK) return this.#sizeDigit(byte);
    const first = this.#state === SIZE_FIRST;
    if (!first && byte === CR) this.#state = SIZE_LF;
    else if (!first && byte === SEMICOLON) this.#state = EXTENSION;
    else if (!first && isBlank(byte)) this.#state = SIZE_BLANK;
    else this.error = BAD_CHUNK_SIZE;
    return byte === CR;
  }

  #countLine(bytes: number): void {
    this.#lineBytes = bytes;
    if (bytes > LONGEST_SIZE_LINE) this.error = BAD_CHUNK_SIZE;
  }

  /** Of any number of leading zeros one is left. */
  #sizeDigit(byte: number): boolean {
    const first = this.#state === SIZE_FIRST;
    this.#state = SIZE;
    this.#left = this.#left * 16 + hexValue(byte);
    if (this.#left > LARGEST_CHUNK) this.error = BAD_CHUNK_SIZE;
    return first || this.#left > 0;
  }

  /** Quotes have to be closed: some readers look for the line end behind them. */
  #extension(byte: number): boolean {
    this.#countLine(this.#lineBytes + 1);
    if (byte === CR && !this.#quoted) {
      this.#state = SIZE_LF;
      return true;
    }
    if (this.#escaped) this.#escaped = false;
    else if (byte === QUOTE) this.#quoted = !this.#quoted;
    else if (byte === BACKSLASH && this.#quoted) this.#escaped = true;
    else if (byte === BACKSLASH) this.error = BAD_CHUNK_SIZE;
    if (((CLASS[byte] as number) & STRICT_FIELD) === 0) this.error = BAD_CHUNK_SIZE;
    return false;
  }

  #sizeEnd(byte: number): boolean {
    if (byte !== LF) this.error = BAD_CHUNK_SIZE;
    this.#state = this.#left === 0 ? TRAILERS : DATA;
    return true;
  }

  #expect(byte: number, wanted: number, next: number): boolean {
    if (byte !== wanted) this.error = BAD_CHUNK_END;
    this.#state = next;
    return true;
  }
}

function hexValue(byte: number): number {
  return byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57;
}
