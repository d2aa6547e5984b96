/**
 * Places on servers: how many requests each server serves, exact across threads. A thread notes what it holds,
 * so that it can be given back should the thread die. Used by ServerQueues; proxy/ goes through that.
 */
import { BACKEND_ROW, SERVER_ROW, type StateLayout } from './layout.ts';
import type { LoadHeap } from './load-heap.ts';
import { BACKEND_COUNTS_SERVED, BACKEND_WORD, SERVER_WORD } from './server-words.ts';
import type { ServerTable } from './server-table.ts';

const S = SERVER_WORD;
const B = BACKEND_WORD;

export class ServerSlots {
  readonly #words: Int32Array;
  readonly #layout: StateLayout;
  readonly #table: ServerTable;
  readonly #heap: LoadHeap;
  readonly #held: number;
  readonly #granted: number;

  constructor(words: Int32Array, layout: StateLayout, table: ServerTable, heap: LoadHeap, thread: number) {
    this.#words = words;
    this.#layout = layout;
    this.#table = table;
    this.#heap = heap;
    this.#held = (layout.held[thread] as number) + layout.gateCount;
    this.#granted = layout.granted[thread] as number;
  }

  /** Takes a place if the server is below its limit, whoever waits. */
  take(server: number): boolean {
    if (!this.reserve(server)) return false;
    this.#note(server, 1);
    return true;
  }

  /** Gives a place back. */
  give(server: number): void {
    this.#note(server, -1);
    this.unreserve(server);
  }

  /** What this thread holds. */
  held(server: number): number {
    return this.#words[this.#held + server] as number;
  }

  /** Counts one more without noting who holds it: for a place on its way to another thread. */
  reserve(server: number): boolean {
    const words = this.#words;
    const at = this.#layout.servers + server * SERVER_ROW + S.served;
    if (this.#table.maxconn(server) === 0) Atomics.add(words, at, 1);
    else {
      let served = Atomics.load(words, at);
      for (;;) {
        if (served >= this.#table.dynamicMaxconn(server)) return false;
        const seen = Atomics.compareExchange(words, at, served, served + 1);
        if (seen === served) break;
        served = seen;
      }
    }
    this.#changed(server, 1);
    return true;
  }

  unreserve(server: number): void {
    Atomics.sub(this.#words, this.#layout.servers + server * SERVER_ROW + S.served, 1);
    this.#changed(server, -1);
  }

  /** A reserved place becomes this thread's. */
  hold(server: number): void {
    this.#note(server, 1);
  }

  /** A reserved place is sent to another thread. */
  grantTo(thread: number, server: number): void {
    Atomics.add(this.#words, (this.#layout.granted[thread] as number) + server, 1);
  }

  /** A place sent by another thread has arrived. False: it was taken back meanwhile (this thread was replaced). */
  acceptGrant(server: number): boolean {
    const at = this.#granted + server;
    let granted = Atomics.load(this.#words, at);
    while (granted > 0) {
      const seen = Atomics.compareExchange(this.#words, at, granted, granted - 1);
      if (seen === granted) {
        this.#note(server, 1);
        return true;
      }
      granted = seen;
    }
    return false;
  }

  #changed(server: number, amount: number): void {
    const backend = this.#layout.backends + this.#table.backendOf(server) * BACKEND_ROW;
    if (((this.#words[backend + B.flags] as number) & BACKEND_COUNTS_SERVED) !== 0)
      Atomics.add(this.#words, backend + B.served, amount);
    this.#heap.update(server);
  }

  #note(server: number, amount: number): void {
    const at = this.#held + server;
    this.#words[at] = (this.#words[at] as number) + amount;
  }
}
