/** One thread's requests that wait for the same server or backend, oldest (or most urgent) first. */
export interface Waiter {
  /**
   * A place on `server` is this request's now; it is to be given back with ServerQueues.release. May be called
   * before the call that queued the request returns.
   */
  onSlot(server: number): void;
  /** The queue was emptied, its server went down: the request has to look for another one. */
  onFlushed?(): void;
}

export class Waiting {
  readonly waiter: Waiter;
  /** Number of the queue it is in: a server, or behind the servers a backend. */
  readonly queue: number;
  /** Smaller goes first; comparable across threads. */
  readonly key: number;
  /** How many had been served from this queue before it came. */
  readonly arrivedAt: number;
  /** Its place in the queue (`%sq`, `%bq`), once it has left: 1, and those that were served since it came. */
  position = 0;
  /** onSlot has not been called yet, and the request has not been removed. */
  queued = true;
  /** It stands in its queue: nobody has given it a place yet. */
  linked = true;
  next: Waiting | undefined = undefined;
  previous: Waiting | undefined = undefined;

  constructor(waiter: Waiter, queue: number, key: number, arrivedAt: number) {
    this.waiter = waiter;
    this.queue = queue;
    this.key = key;
    this.arrivedAt = arrivedAt;
  }
}

export class LocalQueue {
  first: Waiting | undefined = undefined;
  length = 0;
  #last: Waiting | undefined = undefined;

  /** Behind all with the same or a smaller key. */
  insert(entry: Waiting): void {
    let before = this.#last;
    while (before !== undefined && before.key > entry.key) before = before.previous;
    const after = before === undefined ? this.first : before.next;
    entry.previous = before;
    entry.next = after;
    if (before === undefined) this.first = entry;
    else before.next = entry;
    if (after === undefined) this.#last = entry;
    else after.previous = entry;
    this.length++;
  }

  remove(entry: Waiting): void {
    if (entry.previous === undefined) this.first = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === undefined) this.#last = entry.previous;
    else entry.next.previous = entry.previous;
    entry.next = undefined;
    entry.previous = undefined;
    this.length--;
  }
}
