/** A coder that tells, when its body is over, how much it has taken and given. */
import type { ContentCoder } from './content-coder.ts';

export class CountedCoder implements ContentCoder {
  readonly #coder: ContentCoder;
  readonly #tell: (taken: number, given: number) => void;
  #taken = 0;
  #given = 0;

  constructor(coder: ContentCoder, tell: (taken: number, given: number) => void) {
    this.#coder = coder;
    this.#tell = tell;
  }

  set failed(hear: () => void) {
    this.#coder.failed = hear;
  }

  code(content: Buffer, last: boolean, done: (coded: Buffer) => void): void {
    this.#taken += content.length;
    this.#coder.code(content, last, coded => {
      this.#given += coded.length;
      done(coded);
    });
  }

  sent(): void {
    this.#coder.sent?.();
  }

  close(intact: boolean): void {
    this.#coder.close(intact);
    this.#tell(this.#taken, this.#given);
  }
}
