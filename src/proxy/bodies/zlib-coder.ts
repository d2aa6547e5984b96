/**
 * Compression by zlib, for those who ask for more than the lowest level or for a window of their own. It takes its time, so
 * Node's streams have the system's worker threads do it.
 */
import { constants, createDeflate, createDeflateRaw, createGzip, type Gzip, type ZlibReset } from 'node:zlib';
import type { ZlibSettings } from '../../state/zlib-memory.ts';
import { chunk, type CodingName, type ContentCoder } from './content-coder.ts';

/** More than ever comes out of one slice: the stream never has to wait for its reader. */
const READ_AHEAD = 1 << 20;
/** Kept for the next bodies of a thread: their memory is dear to make. */
const MOST_IDLE = 16;

/** All of them can be reset, which the types say of some only. */
type Stream = Gzip & ZlibReset;

function createStream(coding: CodingName, settings: ZlibSettings): Stream {
  // what is not known to be the last is flushed: the client sees what the server has sent
  const options = { ...settings, flush: constants.Z_SYNC_FLUSH, readableHighWaterMark: READ_AHEAD };
  if (coding === 'gzip') return createGzip(options) as Stream;
  return coding === 'deflate' ? createDeflate(options) : createDeflateRaw(options);
}

export class ZlibCoder implements ContentCoder {
  failed: () => void = () => undefined;
  readonly #stream: Stream;
  readonly #idle: ZlibCoder[];
  #finished = false;

  /** `idle`: where it waits for the next body. */
  constructor(coding: CodingName, settings: ZlibSettings, idle: ZlibCoder[]) {
    this.#idle = idle;
    this.#stream = createStream(coding, settings);
    this.#stream.on('error', () => this.failed());
  }

  code(content: Buffer, last: boolean, done: (coded: Buffer) => void): void {
    this.#finished = last;
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
