/** A number that all threads add to, each in a word of its own, so that the part of one that dies can be forgotten. */
export class SharedTotal {
  readonly #words: Int32Array;
  readonly #thread: number;

  constructor(words: Int32Array, thread: number) {
    this.#words = words;
    this.#thread = thread;
  }

  /** This thread's part grows, or shrinks. */
  add(amount: number): void {
    Atomics.add(this.#words, this.#thread, amount);
  }

  get sum(): number {
    let sum = 0;
    for (const part of this.#words) sum += part;
    return sum;
  }
}
