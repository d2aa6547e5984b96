/**
 * The lock of one stick table, or of one HTTP cache: a word that holds its owner (thread + 1). What is done under it takes about a
 * microsecond and allocates nothing; a thread that finds it taken spins, then sleeps in short pieces. A lock that
 * stays taken for seconds belongs to a dead thread: it is seized, and the table repaired.
 */
const SPINS = 200;
const NAP_MS = 1;
const NAPS = 3000;

export class TableLock {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #owner: number;
  readonly #repair: () => void;

  /** `repair`: called with the lock held when its last owner died under it. */
  constructor(words: Int32Array, at: number, thread: number, repair: () => void) {
    this.#words = words;
    this.#at = at;
    this.#owner = thread + 1;
    this.#repair = repair;
  }

  take(): void {
    if (Atomics.compareExchange(this.#words, this.#at, 0, this.#owner) !== 0) this.#wait();
  }

  release(): void {
    Atomics.store(this.#words, this.#at, 0);
  }

  /** That thread has died: if it held the lock, the table is repaired. */
  abandonedBy(thread: number): void {
    const words = this.#words;
    if (Atomics.compareExchange(words, this.#at, thread + 1, this.#owner) !== thread + 1) return;
    this.#repair();
    this.release();
  }

  #wait(): void {
    const words = this.#words;
    for (let spins = 0; spins < SPINS; spins++)
      if (Atomics.compareExchange(words, this.#at, 0, this.#owner) === 0) return;
    let last = 0;
    for (let naps = 0; naps < NAPS; naps++) {
      const holder = Atomics.compareExchange(words, this.#at, 0, this.#owner);
      if (holder === 0) return;
      if (holder !== last) naps = 0;
      last = holder;
      Atomics.wait(words, this.#at, holder, NAP_MS);
    }
    this.#seize(last);
  }

  #seize(holder: number): void {
    if (Atomics.compareExchange(this.#words, this.#at, holder, this.#owner) === holder) this.#repair();
    else this.#wait();
  }
}
