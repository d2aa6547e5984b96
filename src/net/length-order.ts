/**
 * Places of texts, the longest first and equally long ones as they came: without comparing each with others, since of
 * log lines that come together there are a few lengths only (net/datagram-batch.ts).
 */
const NONE = -1;

export class LengthOrder {
  readonly places: Uint8Array;
  readonly #longest: number;
  /** By length: the first and the last text that has it. */
  readonly #firsts: Int16Array;
  readonly #lasts: Int16Array;
  readonly #next: Int16Array;
  /** Those that occur, the longest first. */
  readonly #lengths: Uint16Array;

  /** Of up to so many texts, below 256; those above a length are not sorted, and come before the others. */
  constructor(count: number, longest: number) {
    this.places = new Uint8Array(count);
    this.#longest = longest;
    this.#firsts = new Int16Array(longest + 1).fill(NONE);
    this.#lasts = new Int16Array(longest + 1);
    this.#next = new Int16Array(count);
    this.#lengths = new Uint16Array(count);
  }

  /** As they came. */
  keep(count: number): void {
    for (let place = 0; place < count; place++) this.places[place] = place;
  }

  sort(lengths: Uint32Array, count: number): void {
    let distinct = 0;
    let written = 0;
    for (let place = 0; place < count; place++) {
      const length = lengths[place] as number;
      if (length > this.#longest) this.places[written++] = place;
      else if (this.#link(place, length)) this.#insert(length, distinct++);
    }
    for (let index = 0; index < distinct; index++) {
      const length = this.#lengths[index] as number;
      for (let place = this.#firsts[length] as number; place !== NONE; place = this.#next[place] as number)
        this.places[written++] = place;
      this.#firsts[length] = NONE;
    }
  }

  /** True: it is the first of its length. */
  #link(place: number, length: number): boolean {
    const isFirst = this.#firsts[length] === NONE;
    if (isFirst) this.#firsts[length] = place;
    else this.#next[this.#lasts[length] as number] = place;
    this.#lasts[length] = place;
    this.#next[place] = NONE;
    return isFirst;
  }

  #insert(length: number, count: number): void {
    const lengths = this.#lengths;
    let at = count;
    for (; at > 0 && (lengths[at - 1] as number) < length; at--) lengths[at] = lengths[at - 1] as number;
    lengths[at] = length;
  }
}
