/** Compression at the lowest level, in the thread that has the bytes (src/deflate). */
import type { Deflater } from '../../deflate/deflater.ts';
import type { Wrapping } from '../../deflate/wrappings.ts';
import type { BufferPool } from '../../net/buffer-pool.ts';
import { chunk, FRAMING_ROOM, writeChunk, type ContentCoder } from './content-coder.ts';

const NOTHING = Buffer.alloc(0);

export class DeflateCoder implements ContentCoder {
  failed: () => void = () => undefined;
  readonly #deflater: Deflater;
  readonly #wrapping: Wrapping;
  readonly #outputs: BufferPool;
  /** Given, and perhaps not sent. */
  #output: Buffer | undefined;
  #isBegun = false;

  /** `deflater`, `outputs`: those of the thread. */
  constructor(deflater: Deflater, wrapping: Wrapping, outputs: BufferPool) {
    this.#deflater = deflater;
    this.#wrapping = wrapping;
    this.#outputs = outputs;
  }

  code(content: Buffer, last: boolean, done: (coded: Buffer) => void): void {
    const wrapping = this.#wrapping;
    wrapping.add(content);
    const head = this.#isBegun ? NOTHING : wrapping.head;
    this.#isBegun = true;
    const coded = this.#deflater.deflate(content, last);
    done(this.#framed([head, coded, last ? wrapping.trailer() : NOTHING], last));
  }

  /** In memory of the thread's, if it fits and what was given before is sent. */
  #framed(pieces: readonly Buffer[], last: boolean): Buffer {
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (this.#output !== undefined || size + FRAMING_ROOM > this.#outputs.size) return chunk(pieces, last);
    this.#output = this.#outputs.take();
    return writeChunk(this.#output, pieces, size, last);
  }

  sent(): void {
    if (this.#output !== undefined) this.#outputs.give(this.#output);
    this.#output = undefined;
  }

  /** What may still be under way is left to the collector. */
  close(): void {
    if (this.#output !== undefined) this.#outputs.taken--;
    this.#output = undefined;
  }
}
