/**
 * Buffers of a thread, of one size (`tune.bufsize`): what is rendered or held back lives in one of them. A taken
 * buffer has exactly one owner, which gives it back once no send of it is pending.
 */
const KEPT_AT_MOST = 1024;

export class BufferPool {
  readonly size: number;
  readonly #free: Buffer[] = [];
  /** Taken and not yet given back: zero when a thread is idle. */
  taken = 0;

  constructor(size: number) {
    this.size = size;
  }

  take(): Buffer {
    this.taken++;
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.size);
  }

  give(buffer: Buffer): void {
    this.taken--;
    if (this.#free.length < KEPT_AT_MOST) this.#free.push(buffer);
  }
}
