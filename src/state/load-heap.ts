/**
 * The usable servers of a `balance leastconn` backend, ordered by load, shared by all threads: a binary heap of
 * server rows, so that the least loaded one is found at once and a change costs O(log n) whatever the number of
 * servers (bench/micro/balancers.ts).
 *
 *   heap array   [ s7 | s2 | s9 | ... ]      parent of i: (i-1)>>1
 *   server row   HEAP_POSITION (1-based, 0: not in the heap) · HEAP_KEY load · HEAP_STAMP when it got that load
 *
 * Order: load relative to weight, then who has had this load for longest, which makes equal servers take turns.
 *
 * A change is made under a lock (HEAP_OWNER: thread + 1). Critical sections are short and allocate nothing. A
 * thread that cannot get the lock soon (its owner was put to sleep by the kernel) marks HEAP_LATE and goes on;
 * whoever unlocks looks at the mark and repairs all keys. If a thread dies inside, the control thread opens the
 * lock and has the heap built anew (`abandon`).
 */
import { BACKEND_ROW, SERVER_ROW, type StateLayout } from './layout.ts';
import { BACKEND_WORD, SERVER_WORD, WEIGHT_SCALE } from './server-words.ts';
import type { ServerTable } from './server-table.ts';
import type { UsableServers } from './usable-servers.ts';

const S = SERVER_WORD;
const B = BACKEND_WORD;
const SPINS = 2000;
const MAXIMAL_WEIGHT = 256 * WEIGHT_SCALE;

export class LoadHeap {
  readonly #words: Int32Array;
  readonly #servers: number;
  readonly #backends: number;
  readonly #table: ServerTable;
  readonly #owner: number;

  constructor(words: Int32Array, layout: StateLayout, table: ServerTable, thread: number) {
    this.#words = words;
    this.#servers = layout.servers;
    this.#backends = layout.backends;
    this.#table = table;
    this.#owner = thread + 1;
  }

  /** Moves a server whose load has changed. Cheap for servers that are in no heap. */
  update(server: number): void {
    const words = this.#words;
    const at = this.#servers + server * SERVER_ROW;
    if (words[at + S.heapPosition] === 0 || this.#keyOf(at) === words[at + S.heapKey]) return;
    const row = this.#backends + (words[at + S.backend] as number) * BACKEND_ROW;
    if (!this.#lock(row)) {
      Atomics.store(words, row + B.heapLate, 1);
      if (!this.#tryLock(row)) return;
    }
    this.#reposition(row, server);
    this.#unlock(row);
  }

  /** The least loaded server that may take one more request and is not `avoid`; `avoid` if only it can; or -1. */
  best(usable: UsableServers, avoid: number): number {
    const row = this.#backends + usable.backend * BACKEND_ROW;
    const words = this.#words;
    if (!this.#lock(row)) return this.#bestWithoutLock(usable, avoid);
    if (words[row + B.heapGeneration] !== usable.generation) this.#build(row, usable);
    const count = words[row + B.heapCount] as number;
    const found = this.#search(row, count, 0, avoid, -1);
    this.#unlock(row);
    if (found >= 0 || avoid < 0) return found;
    return usable.list.includes(avoid) && this.#accepts(avoid) ? avoid : -1;
  }

  /** After the death of `thread`: opens its lock; the heap it may have left half-changed is built anew. */
  abandon(backend: number, thread: number): void {
    const row = this.#backends + backend * BACKEND_ROW;
    if (Atomics.load(this.#words, row + B.heapOwner) !== thread + 1) return;
    Atomics.store(this.#words, row + B.heapGeneration, -1);
    Atomics.store(this.#words, row + B.heapOwner, 0);
  }

  /** Children are never less loaded than their parent: only below unsuitable servers is it worth looking. */
  #search(row: number, count: number, index: number, avoid: number, best: number): number {
    if (index >= count) return best;
    const server = this.#words[(this.#words[row + B.heapStart] as number) + index] as number;
    if (best >= 0 && !this.#before(server, best)) return best;
    if (server !== avoid && this.#accepts(server)) return server;
    const left = this.#search(row, count, 2 * index + 1, avoid, best);
    return this.#search(row, count, 2 * index + 2, avoid, left);
  }

  /** Below its limit, counting those that wait and those that may wait for it. */
  #accepts(server: number): boolean {
    const table = this.#table;
    if (table.maxconn(server) === 0) return true;
    const load = table.served(server) + table.queued(server);
    return load < table.dynamicMaxconn(server) + table.maxqueue(server);
  }

  #bestWithoutLock(usable: UsableServers, avoid: number): number {
    let best = -1;
    let least = Infinity;
    for (const server of usable.list) {
      const key = this.#keyOf(this.#servers + server * SERVER_ROW);
      if (key >= least || server === avoid || !this.#accepts(server)) continue;
      least = key;
      best = server;
    }
    return best;
  }

  #keyOf(at: number): number {
    const words = this.#words;
    const load = (words[at + S.served] as number) + (words[at + S.queued] as number);
    if (load <= 0) return 0;
    return Math.floor(((load + 1) * MAXIMAL_WEIGHT) / ((words[at + S.eweight] as number) || 1)) | 0;
  }

  #lock(row: number): boolean {
    for (let spin = 0; spin < SPINS; spin++) if (this.#tryLock(row)) return true;
    return false;
  }

  #tryLock(row: number): boolean {
    return Atomics.compareExchange(this.#words, row + B.heapOwner, 0, this.#owner) === 0;
  }

  #unlock(row: number): void {
    Atomics.store(this.#words, row + B.heapOwner, 0);
    while (Atomics.load(this.#words, row + B.heapLate) !== 0 && this.#tryLock(row)) {
      Atomics.store(this.#words, row + B.heapLate, 0);
      this.#repair(row);
      Atomics.store(this.#words, row + B.heapOwner, 0);
    }
  }

  #repair(row: number): void {
    const start = this.#words[row + B.heapStart] as number;
    const count = this.#words[row + B.heapCount] as number;
    const servers = Array.from(this.#words.subarray(start, start + count));
    for (const server of servers) this.#reposition(row, server);
  }

  #build(row: number, usable: UsableServers): void {
    const words = this.#words;
    const start = words[row + B.heapStart] as number;
    const before = words[row + B.heapCount] as number;
    for (let index = 0; index < before; index++)
      words[this.#servers + (words[start + index] as number) * SERVER_ROW + S.heapPosition] = 0;
    const count = Math.min(usable.list.length, words[row + B.heapCapacity] as number);
    words[row + B.heapCount] = count;
    for (let index = 0; index < count; index++) {
      const server = usable.list[index] as number;
      const at = this.#servers + server * SERVER_ROW;
      words[at + S.heapKey] = this.#keyOf(at);
      if (words[at + S.heapStamp] === 0) words[at + S.heapStamp] = this.#nextStamp(row);
      this.#put(start, index, server);
      this.#rise(start, index, server);
    }
    words[row + B.heapGeneration] = usable.generation;
  }

  #nextStamp(row: number): number {
    return (this.#words[row + B.heapClock] = ((this.#words[row + B.heapClock] as number) + 1) | 0);
  }

  #reposition(row: number, server: number): void {
    const words = this.#words;
    const at = this.#servers + server * SERVER_ROW;
    const position = words[at + S.heapPosition] as number;
    const key = this.#keyOf(at);
    if (position === 0 || key === words[at + S.heapKey]) return;
    words[at + S.heapKey] = key;
    words[at + S.heapStamp] = this.#nextStamp(row);
    const start = words[row + B.heapStart] as number;
    const risen = this.#rise(start, position - 1, server);
    if (risen === position - 1) this.#sink(start, words[row + B.heapCount] as number, risen, server);
  }

  /** True when `a` comes before `b`. Stamps wrap, so they are compared by difference. */
  #before(a: number, b: number): boolean {
    const words = this.#words;
    const rowA = this.#servers + a * SERVER_ROW;
    const rowB = this.#servers + b * SERVER_ROW;
    const keyA = words[rowA + S.heapKey] as number;
    const keyB = words[rowB + S.heapKey] as number;
    if (keyA !== keyB) return keyA < keyB;
    return (((words[rowA + S.heapStamp] as number) - (words[rowB + S.heapStamp] as number)) | 0) < 0;
  }

  #rise(start: number, from: number, server: number): number {
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const other = this.#words[start + above] as number;
      if (!this.#before(server, other)) break;
      this.#put(start, index, other);
      index = above;
    }
    this.#put(start, index, server);
    return index;
  }

  #sink(start: number, count: number, from: number, server: number): void {
    const words = this.#words;
    let index = from;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= count) break;
      if (
        below + 1 < count &&
        this.#before(words[start + below + 1] as number, words[start + below] as number)
      )
        below++;
      const other = words[start + below] as number;
      if (!this.#before(other, server)) break;
      this.#put(start, index, other);
      index = below;
    }
    this.#put(start, index, server);
  }

  #put(start: number, index: number, server: number): void {
    this.#words[start + index] = server;
    this.#words[this.#servers + server * SERVER_ROW + S.heapPosition] = index + 1;
  }
}
