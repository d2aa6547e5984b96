/**
 * Who is due next: a binary heap in which everything knows its place, so that moving one deadline of n costs at most
 * log2(n) steps, and asking for the first nothing. Called by router.ts.
 */

export interface Due {
  /** Milliseconds of the clock; Infinity: never. Changed by `Deadlines.move` only. */
  at: number;
  /** In the heap; -1: not there. */
  place: number;
}

export class Deadlines<T extends Due> {
  readonly #heap: T[] = [];

  first(): T | undefined {
    return this.#heap[0];
  }

  /** Infinity takes it out. */
  move(one: T, at: number): void {
    if (at === one.at) return;
    one.at = at;
    if (at === Infinity) this.#remove(one);
    else {
      if (one.place < 0) one.place = this.#heap.push(one) - 1;
      this.#settle(one);
    }
  }

  #remove(one: T): void {
    const last = this.#heap.pop();
    if (last !== undefined && last !== one) {
      last.place = one.place;
      this.#settle(last);
    }
    one.place = -1;
  }

  /** Takes `one` from its place to where it belongs; whoever it passes moves by one. */
  #settle(one: T): void {
    let place = this.#rise(one, one.place);
    if (place === one.place) place = this.#sink(one, place);
    this.#put(one, place);
  }

  #rise(one: T, from: number): number {
    let place = from;
    while (place > 0) {
      const parent = this.#heap[(place - 1) >> 1] as T;
      if (parent.at <= one.at) break;
      const next = parent.place;
      this.#put(parent, place);
      place = next;
    }
    return place;
  }

  #sink(one: T, from: number): number {
    let place = from;
    for (;;) {
      const child = this.#earlierOf(2 * place + 1);
      if (child === undefined || child.at >= one.at) break;
      const next = child.place;
      this.#put(child, place);
      place = next;
    }
    return place;
  }

  #earlierOf(left: number): T | undefined {
    const one = this.#heap[left];
    const other = this.#heap[left + 1];
    return one !== undefined && other !== undefined && other.at < one.at ? other : one;
  }

  #put(one: T, place: number): void {
    this.#heap[place] = one;
    one.place = place;
  }
}
