/** Compression at the lowest level, in the thread that has the bytes (src/deflate). */
import type { Deflater } from '../deflate/deflater.ts';
import type { Wrapping } from '../deflate/wrappings.ts';
import { chunk, type ContentCoder } from './content-coder.ts';

const NOTHING = Buffer.alloc(0);

export class DeflateCoder implements ContentCoder {
  failed: () => void = () => undefined;
  readonly #deflater: Deflater;
  readonly #wrapping: Wrapping;
  #isBegun = false;

  /** `deflater`: that of the thread. */
  constructor(deflater: Deflater, wrapping: Wrapping) {
    this.#deflater = deflater;
    this.#wrapping = wrapping;
  }

  code(content: Buffer, last: boolean, done: (coded: Buffer) => void): void {
    const wrapping = this.#wrapping;
    wrapping.add(content);
    const head = this.#isBegun ? NOTHING : wrapping.head;
    this.#isBegun = true;
    const coded = this.#deflater.deflate(content, last);
    done(chunk([head, coded, last ? wrapping.trailer() : NOTHING], last));
  }

  close(): void {
    // nothing is kept
  }
}
