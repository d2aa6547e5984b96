/**
 * The control thread's side of orders to data threads: sends one to each, and is done when all have answered. A thread
 * that dies answers nothing; its replacement starts from the state of now, so nobody waits for it.
 */
import type { Order, OrderOf, OrderResults } from './orders.ts';

interface Open {
  readonly threads: Set<number>;
  readonly results: unknown[];
  readonly done: () => void;
  readonly first?: () => void;
}

export class ThreadCalls {
  readonly #running: () => readonly number[];
  readonly #send: (thread: number, id: number, order: Order) => void;
  readonly #open = new Map<number, Open>();
  #last = 0;

  constructor(running: () => readonly number[], send: (thread: number, id: number, order: Order) => void) {
    this.#running = running;
    this.#send = send;
  }

  /** The same order for all. */
  all<K extends Order['kind']>(order: OrderOf<K>): Promise<readonly OrderResults[K][]> {
    return this.each(() => order);
  }

  /** Resolves with the first answer, or when there is nobody to ask. */
  any(order: Order): Promise<void> {
    return new Promise(resolve => {
      const threads = this.#running();
      if (threads.length === 0) return resolve();
      const id = ++this.#last;
      this.#open.set(id, { threads: new Set(threads), results: [], first: resolve, done: resolve });
      for (const thread of threads) this.#send(thread, id, order);
    });
  }

  /** An order of its own for each. */
  each<K extends Order['kind']>(order: (thread: number) => OrderOf<K>): Promise<readonly OrderResults[K][]> {
    return new Promise(resolve => {
      const threads = this.#running();
      const results: OrderResults[K][] = [];
      if (threads.length === 0) return resolve(results);
      const id = ++this.#last;
      this.#open.set(id, { threads: new Set(threads), results, done: () => resolve(results) });
      for (const thread of threads) this.#send(thread, id, order(thread));
    });
  }

  answered(thread: number, id: number, result: unknown): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    open.results.push(result);
    open.first?.();
    this.#finish(id, open, thread);
  }

  ended(thread: number): void {
    for (const [id, open] of this.#open) this.#finish(id, open, thread);
  }

  #finish(id: number, open: Open, thread: number): void {
    open.threads.delete(thread);
    if (open.threads.size > 0) return;
    this.#open.delete(id);
    open.done();
  }
}
