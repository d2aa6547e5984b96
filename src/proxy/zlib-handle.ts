/**
 * Compression in the thread that asks for it. Node's streams have worker threads do it: two journeys there and back for
 * a small body, which cost as much as compressing it. What they do it with can be called directly; where it does not look
 * as expected the streams are used as ever (content-coder.ts).
 */
import type { Gzip } from 'node:zlib';

interface Handle {
  writeSync(
    flush: number,
    input: Buffer,
    from: number,
    inputLength: number,
    output: Buffer,
    at: number,
    room: number,
  ): void;
}

interface Insides {
  readonly _handle?: Partial<Handle> | null;
  /** After a call: room left in the output, input left. */
  readonly _writeState?: Uint32Array;
}

const SMALLEST_OUTPUT = 16_384;

/** What all of a thread write into, as long as a call lasts. */
let output = Buffer.alloc(0);

export class ZlibHandle {
  readonly #stream: Gzip;
  readonly #handle: Handle;
  readonly #left: Uint32Array;

  /** Undefined: this Node's streams are made otherwise. */
  static of(stream: Gzip): ZlibHandle | undefined {
    const { _handle: handle, _writeState: left } = stream as unknown as Insides;
    const isKnown =
      typeof handle?.writeSync === 'function' && left instanceof Uint32Array && left.length === 2;
    return isKnown ? new ZlibHandle(stream, handle as Handle, left) : undefined;
  }

  private constructor(stream: Gzip, handle: Handle, left: Uint32Array) {
    this.#stream = stream;
    this.#handle = handle;
    this.#left = left;
  }

  /** `flush`: of zlib's constants. Good until the next call of any; undefined: the stream has told of an error. */
  run(content: Buffer, flush: number): Buffer | undefined {
    if (output.length < SMALLEST_OUTPUT) output = Buffer.allocUnsafeSlow(SMALLEST_OUTPUT);
    let at = 0;
    for (let left = content.length; ;) {
      this.#handle.writeSync(flush, content, content.length - left, left, output, at, output.length - at);
      if (this.#stream.destroyed) return undefined;
      const room = this.#left[0] as number;
      left = this.#left[1] as number;
      at = output.length - room;
      // it has more to say where it filled everything
      if (room > 0) return output.subarray(0, at);
      output = Buffer.concat([output], output.length * 2);
    }
  }
}
