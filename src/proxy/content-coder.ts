/**
 * Makes chunks of a body's content (RFC 9112 section 7.1): compressed ones, or the content as it is. What comes out
 * of a slice is complete when `done` is called, so that the reader never waits for bytes that are here already.
 */
import { constants, createDeflate, createDeflateRaw, createGzip, type Gzip, type ZlibReset } from 'node:zlib';
import { CHUNK_END, chunkHead, LAST_CHUNK } from '../http/chunk-encoder.ts';
import { ZlibHandle } from './zlib-handle.ts';

export type CodingName = 'identity' | 'gzip' | 'deflate' | 'raw-deflate';

export interface ContentCoder {
  /** Hears of an error that ends it. */
  failed: () => void;
  /** `done` may be called before this returns. */
  code(content: Buffer, last: boolean, done: (coded: Buffer) => void): void;
  /** `intact`: nothing is under way, another body may follow. */
  close(intact: boolean): void;
}

interface ZlibSettings {
  /** `tune.comp.maxlevel`, `tune.zlib.memlevel`, `tune.zlib.windowsize` */
  readonly level: number;
  readonly memLevel: number;
  readonly windowBits: number;
}

const CHUNK_HEAD_ROOM = 16;

function chunk(pieces: readonly Buffer[], last: boolean): Buffer {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const whole = Buffer.allocUnsafe(CHUNK_HEAD_ROOM + size + CHUNK_END.length + LAST_CHUNK.length);
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

/** More than ever comes out of one slice: the stream never has to wait for its reader. */
const READ_AHEAD = 1 << 20;

/** All of them can be reset, which the types say of some only. */
type Stream = Gzip & ZlibReset;

function createStream(coding: CodingName, settings: ZlibSettings): Stream {
  // what is not known to be the last is flushed: the client sees what the server has sent
  const options = { ...settings, flush: constants.Z_SYNC_FLUSH, readableHighWaterMark: READ_AHEAD };
  if (coding === 'gzip') return createGzip(options) as Stream;
  return coding === 'deflate' ? createDeflate(options) : createDeflateRaw(options);
}

class ZlibCoder implements ContentCoder {
  failed: () => void = () => undefined;
  readonly #stream: Stream;
  readonly #handle: ZlibHandle | undefined;
  readonly #idle: ZlibCoder[];
  #finished = false;

  constructor(coding: CodingName, settings: ZlibSettings, idle: ZlibCoder[]) {
    this.#idle = idle;
    this.#stream = createStream(coding, settings);
    this.#stream.on('error', () => this.failed());
    this.#handle = ZlibHandle.of(this.#stream);
  }

  code(content: Buffer, last: boolean, done: (coded: Buffer) => void): void {
    this.#finished = last;
    if (this.#handle === undefined) return this.#codeElsewhere(content, last, done);
    const coded = this.#handle.run(content, last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH);
    if (coded !== undefined) done(chunk([coded], last));
  }

  /** In the system's worker threads. */
  #codeElsewhere(content: Buffer, last: boolean, done: (coded: Buffer) => void): void {
    const taken = (error?: Error | null): void => {
      // it was destroyed, or has told of its error
      if (error === undefined || error === null) done(chunk(this.#output(), last));
    };
    if (!last) return void this.#stream.write(content, taken);
    if (content.length > 0) this.#stream.write(content);
    this.#stream.flush(constants.Z_FINISH, () => taken());
  }

  #output(): Buffer[] {
    const pieces: Buffer[] = [];
    for (let piece = this.#read(); piece !== null; piece = this.#read()) pieces.push(piece);
    return pieces;
  }

  #read(): Buffer | null {
    return this.#stream.read() as Buffer | null;
  }

  close(intact: boolean): void {
    this.failed = () => undefined;
    if (!intact || !this.#finished || this.#idle.length >= MOST_IDLE) return void this.#stream.destroy();
    this.#finished = false;
    this.#stream.reset();
    this.#idle.push(this);
  }
}

/** Kept for the next bodies of a thread: their memory is dear to make. */
const MOST_IDLE = 16;

export class ContentCoders {
  readonly #settings: ZlibSettings;
  readonly #idle = new Map<CodingName, ZlibCoder[]>();

  constructor(settings: ZlibSettings) {
    this.#settings = settings;
  }

  take(coding: CodingName): ContentCoder {
    if (coding === 'identity') return new PlainCoder();
    let idle = this.#idle.get(coding);
    if (idle === undefined) this.#idle.set(coding, (idle = []));
    return idle.pop() ?? new ZlibCoder(coding, this.#settings, idle);
  }
}
