/**
 * How many connections are open now, exact across threads, and how many may be: one gate for the process
 * (`maxconn` in global), one for each frontend (`maxconn`), backend (current sessions, no limit) and listener
 * (`bind ... maxconn`). Others count pipes for splicing (`maxpipes`), TLS
 * connections, of either side (`maxsslconn`), and bodies that zlib compresses (`maxzlibmem`).
 *
 * Every thread also notes what it holds at each gate, so that the control thread can give it back when the
 * thread dies (thread-recovery.ts).
 */
import { GATE_ROW, rowNumbers, type RowNumbers, type StateLayout } from './layout.ts';
import type { StatePlan } from './plan.ts';

const CURRENT = 0;
const LIMIT = 1;
/** Somebody was turned away since the last `leave` that reported it. */
const REFUSED = 2;

/** A limit: nobody may enter. */
export const NOBODY = -1;

export class ConnectionLimits {
  readonly #words: Int32Array;
  readonly #start: number;
  readonly #held: number;
  readonly #rows: RowNumbers;

  constructor(words: Int32Array, plan: StatePlan, layout: StateLayout, thread: number) {
    this.#words = words;
    this.#start = layout.gates;
    this.#held = layout.held[thread] as number;
    this.#rows = rowNumbers(plan);
  }

  get process(): number {
    return 0;
  }

  get pipes(): number {
    return this.#rows.pipes;
  }

  get tls(): number {
    return this.#rows.tls;
  }

  get zlib(): number {
    return this.#rows.zlib;
  }

  frontend(proxy: number): number {
    return this.#rows.frontends + proxy;
  }

  backend(proxy: number): number {
    return this.#rows.backends + proxy;
  }

  listener(index: number): number {
    return this.#rows.listeners + index;
  }

  /** 0: no limit; NOBODY. */
  limit(gate: number): number {
    return Atomics.load(this.#words, this.#at(gate) + LIMIT);
  }

  setLimit(gate: number, limit: number): void {
    Atomics.store(this.#words, this.#at(gate) + LIMIT, limit);
  }

  /** To be shown: a plain load, which may be a moment old. */
  shown(gate: number): number {
    return this.#words[this.#at(gate)] as number;
  }

  current(gate: number): number {
    return Atomics.load(this.#words, this.#at(gate));
  }

  /** True when the limit is reached: stop accepting. Some later `leave`, of any thread, will return true. */
  full(gate: number): boolean {
    const limit = this.limit(gate);
    if (limit === 0 || this.current(gate) < limit) return false;
    Atomics.store(this.#words, this.#at(gate) + REFUSED, 1);
    // A place may have come free between the two steps, unseen by its owner.
    return this.current(gate) >= limit;
  }

  /** Takes a place if there is one. When refused, some later `leave` will return true. */
  tryEnter(gate: number): boolean {
    const at = this.#at(gate);
    const limit = this.#words[at + LIMIT] as number;
    if (limit === 0) {
      this.enter(gate);
      return true;
    }
    if (!this.#takeBelow(at, limit)) {
      Atomics.store(this.#words, at + REFUSED, 1);
      // A place may have come free between the two steps, unseen by its owner.
      if (!this.#takeBelow(at, limit)) return false;
    }
    this.#note(gate, 1);
    return true;
  }

  /** Takes a place whatever the limit; returns how many are taken now. */
  enter(gate: number): number {
    this.#note(gate, 1);
    return Atomics.add(this.#words, this.#at(gate), 1) + 1;
  }

  /** Gives a place back. True: somebody was refused here before, tell every thread to try again. */
  leave(gate: number): boolean {
    const at = this.#at(gate);
    Atomics.sub(this.#words, at, 1);
    this.#note(gate, -1);
    return this.#words[at + REFUSED] !== 0 && Atomics.exchange(this.#words, at + REFUSED, 0) !== 0;
  }

  /** What this thread holds at a gate. */
  held(gate: number): number {
    return this.#words[this.#held + gate] as number;
  }

  #takeBelow(at: number, limit: number): boolean {
    const words = this.#words;
    let current = Atomics.load(words, at);
    while (current < limit) {
      const seen = Atomics.compareExchange(words, at, current, current + 1);
      if (seen === current) return true;
      current = seen;
    }
    return false;
  }

  #note(gate: number, amount: number): void {
    const at = this.#held + gate;
    this.#words[at] = (this.#words[at] as number) + amount;
  }

  #at(gate: number): number {
    return this.#start + gate * GATE_ROW + CURRENT;
  }
}
