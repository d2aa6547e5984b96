/** A body on its way through filters of scripts, and behind them what frames or compresses it. */
import type { ContentCoder } from '../bodies/content-coder.ts';
import type { FilterChain } from './filter-chain.ts';

const NOTHING = Buffer.alloc(0);

export class FilterCoder implements ContentCoder {
  readonly #chain: FilterChain;
  readonly #next: ContentCoder;
  #done: (coded: Buffer, isPart: boolean) => void = () => undefined;
  /** Let go by the filters, and not coded yet. */
  #waiting: Buffer[] = [];
  #isCoding = false;
  #isLast = false;
  /** The end has been given to what codes. */
  #isEnded = false;
  #failed: () => void = () => undefined;

  constructor(chain: FilterChain, next: ContentCoder) {
    this.#chain = chain;
    this.#next = next;
    chain.onWake = bytes => this.#take(bytes);
    chain.onFailed = () => this.#failed();
    next.failed = () => this.#failed();
  }

  get failed(): () => void {
    return this.#failed;
  }

  set failed(failed: () => void) {
    this.#failed = failed;
  }

  code(content: Buffer, last: boolean, done: (coded: Buffer, isPart: boolean) => void): void {
    this.#done = done;
    this.#isLast = last;
    const bytes = this.#chain.push(content, last);
    if (this.#chain.failed) this.#failed();
    else this.#take(bytes);
  }

  #take(bytes: Buffer): void {
    if (bytes.length > 0) this.#waiting.push(bytes);
    if (!this.#isCoding) this.#code();
  }

  #code(): void {
    const isEnd = this.#chain.done;
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    if (this.#isEnded || (bytes.length === 0 && !isEnd)) return this.#give(NOTHING);
    this.#isCoding = true;
    this.#isEnded = isEnd;
    this.#next.code(bytes, isEnd, coded => {
      this.#isCoding = false;
      this.#give(coded);
      if (this.#waiting.length > 0 || (this.#chain.done && !this.#isEnded)) this.#code();
    });
  }

  /** More of the last slice follows as long as the end has not gone; others wait while a filter is full. */
  #give(coded: Buffer): void {
    this.#done(coded, this.#isLast ? !this.#isEnded : this.#chain.isFull);
  }

  close(intact: boolean): void {
    this.#chain.close();
    this.#next.close(intact && !this.#isCoding);
  }
}
