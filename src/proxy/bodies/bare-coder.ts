/** A changed body that goes on without framing: as long as was announced, or up to the end of the connection. */
import type { ContentCoder } from './content-coder.ts';

export class BareCoder implements ContentCoder {
  failed: () => void = () => undefined;
  /** Bytes still to come; undefined: nobody has announced any. */
  #left: number | undefined;

  constructor(announced: number | undefined) {
    this.#left = announced;
  }

  code(content: Buffer, last: boolean, done: (coded: Buffer) => void): void {
    if (this.#left !== undefined) this.#left -= content.length;
    const isWrong = this.#left !== undefined && (this.#left < 0 || (last && this.#left > 0));
    if (isWrong) this.failed();
    else done(content);
  }

  close(): void {
    // nothing is kept
  }
}
