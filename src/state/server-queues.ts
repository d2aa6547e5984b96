/**
 * Taking, waiting for and giving back places on servers, fair across threads (manual, `maxconn`, `maxqueue`,
 * `timeout queue`). This is what proxy/ uses:
 *
 *   if (queues.tryTake(server)) ...serve...                      a place at once
 *   else entry = queues.waitForServer(server, waiter)            wait for this server; undefined: its queue is full
 *   entry = queues.waitForBackend(backend, waiter)               wait for any server of the backend
 *   queues.remove(entry)                                         timeout or abort
 *   queues.release(server)                                       the request is over
 *
 * Each thread keeps its own waiting requests and publishes the key of the oldest and how many there are:
 *
 *   wait row of (thread, queue):  [ key of the oldest, f64 | waiting | claimed ]
 *
 * Whoever frees a place looks for the oldest key among all threads. Is it its own, the request goes on at once;
 * otherwise the place stays reserved, one of that thread's waiting requests is claimed, and the thread is
 * notified. Should nobody wait there any more when the grant arrives, the place is freed again.
 *
 * Nothing gets lost: who waits first publishes, then looks for room; who frees a place first frees, then looks
 * for waiters; both with sequentially consistent operations, so at least one of them sees the other.
 */
import { preciseMs } from '../base/clock.ts';
import { BACKEND_ROW, SERVER_ROW, WAIT_ROW, type StateLayout } from './layout.ts';
import type { LoadHeap } from './load-heap.ts';
import { LocalQueue, Waiting, type Waiter } from './local-queue.ts';
import type { ServerSlots } from './server-slots.ts';
import { BACKEND_WORD, SERVER_WORD } from './server-words.ts';
import type { ServerTable } from './server-table.ts';
import type { UsableServers } from './usable-servers.ts';

/** Sends "a place on `server` is yours, for the first of your queue `queue`" to another thread. */
type Notify = (thread: number, server: number, queue: number) => void;

const S = SERVER_WORD;
const B = BACKEND_WORD;
const WAITING = 2;
const CLAIMED = 3;
/** Keys: class above time; 2^41 sixteenths of a millisecond are four years. */
const CLASS_STEP = 2 ** 41;
const TIME_UNITS = 16;
const LOWEST_CLASS = -0x7ff;
/** Added to all times, so that the lowest offset (manual, `set-priority-offset`) stays above 0. */
const OFFSET_RANGE_MS = 2 ** 19;

export class ServerQueues {
  readonly #words: Int32Array;
  readonly #keys: Float64Array;
  readonly #layout: StateLayout;
  readonly #table: ServerTable;
  readonly #slots: ServerSlots;
  readonly #heap: LoadHeap;
  readonly #usable: (backend: number) => UsableServers;
  readonly #thread: number;
  readonly #epochMs: number;
  readonly #local = new Map<number, LocalQueue>();
  readonly #deliveries: { entry: Waiting; server: number }[] = [];
  #delivering = false;
  #notify: Notify = () => undefined;

  constructor(
    words: Int32Array,
    layout: StateLayout,
    table: ServerTable,
    slots: ServerSlots,
    heap: LoadHeap,
    usable: (backend: number) => UsableServers,
    thread: number,
    epochMs: number,
  ) {
    this.#words = words;
    this.#keys = new Float64Array(words.buffer);
    this.#layout = layout;
    this.#table = table;
    this.#slots = slots;
    this.#heap = heap;
    this.#usable = usable;
    this.#thread = thread;
    this.#epochMs = epochMs;
  }

  /** Must be set before requests are served when there is more than one thread. */
  set notify(notify: Notify) {
    this.#notify = notify;
  }

  /** A place on the server if nobody waits for it and it is below its limit. */
  tryTake(server: number): boolean {
    if (this.#table.maxconn(server) !== 0 && this.#table.queued(server) !== 0) return false;
    return this.#slots.take(server);
  }

  /** Requests of this thread that the server serves. */
  held(server: number): number {
    return this.#slots.held(server);
  }

  /** Gives a place back and hands it to whoever waits longest. */
  release(server: number): void {
    this.#slots.give(server);
    this.offer(server);
  }

  /** Queues for one server. Undefined: `maxqueue` is reached. */
  waitForServer(server: number, waiter: Waiter, priorityClass = 0, offsetMs = 0): Waiting | undefined {
    const maxqueue = this.#table.maxqueue(server);
    if (maxqueue > 0 && this.#table.queued(server) >= maxqueue) return undefined;
    const entry = this.#enqueue(server, waiter, priorityClass, offsetMs);
    this.offer(server);
    return entry;
  }

  /** Queues for whichever server of the backend has room first. */
  waitForBackend(backend: number, waiter: Waiter, priorityClass = 0, offsetMs = 0): Waiting {
    const entry = this.#enqueue(this.#layout.serverCount + backend, waiter, priorityClass, offsetMs);
    const usable = this.#usable(backend);
    usable.refresh();
    // A place may have come free between the balancer's look and our publication.
    for (const server of usable.list) {
      if (!entry.linked) break;
      if (this.#table.hasRoom(server)) this.offer(server);
    }
    return entry;
  }

  /** Takes a request out of its queue (timeout, abort); nothing happens when it was served already. */
  remove(entry: Waiting): void {
    if (!entry.queued) return;
    entry.queued = false;
    if (entry.linked) return this.#dequeue(entry);
    const delivery = this.#deliveries.find(one => one.entry === entry);
    if (delivery !== undefined) this.release(delivery.server);
  }

  /** Empties this thread's queue for a server that went down; each request is to be balanced again. */
  flushServer(server: number): Waiting[] {
    return this.#flush(server);
  }

  /** Empties this thread's queue for a backend that has no server left. */
  flushBackend(backend: number): Waiting[] {
    return this.#flush(this.#layout.serverCount + backend);
  }

  /** Hands free places of a server to those that wait: after a release, when it comes up, when limits rise. */
  offer(server: number): void {
    while (this.#hasWaiters(server) && this.#slots.reserve(server)) {
      if (this.#passOn(server)) continue;
      this.#slots.unreserve(server);
      // Somebody may have come who saw the place reserved.
      if (this.#oldest(server) < 0) return;
    }
  }

  /** A place on `server` arrived from another thread, for the first of `queue`. */
  onGrant(server: number, queue: number): void {
    this.#unclaim(this.#waitRow(this.#thread, queue));
    if (!this.#slots.acceptGrant(server)) return;
    const entry = this.#local.get(queue)?.first;
    if (entry === undefined) this.release(server);
    else this.#serve(entry, server);
  }

  #hasWaiters(server: number): boolean {
    if (Atomics.load(this.#words, this.#layout.servers + server * SERVER_ROW + S.queued) !== 0) return true;
    const backend = this.#table.backendOf(server);
    if (Atomics.load(this.#words, this.#layout.backends + backend * BACKEND_ROW + B.queued) === 0)
      return false;
    return this.#usable(backend).serves(server);
  }

  /** Gives a reserved place to the oldest request; false when there is none. */
  #passOn(server: number): boolean {
    for (;;) {
      const found = this.#oldest(server);
      if (found < 0) return false;
      const queues = this.#layout.serverCount + this.#layout.heaps.length;
      const thread = Math.floor(found / queues);
      const queue = found % queues;
      if (thread === this.#thread) {
        this.#slots.hold(server);
        this.#serve(this.#local.get(queue)?.first as Waiting, server);
        return true;
      }
      if (!this.#claim(this.#waitRow(thread, queue))) continue;
      this.#slots.grantTo(thread, server);
      this.#notify(thread, server, queue);
      return true;
    }
  }

  /** thread × queues + queue of the oldest request that may use this server; -1: none. */
  #oldest(server: number): number {
    const { serverCount, heaps } = this.#layout;
    const backend = this.#table.backendOf(server);
    const backendQueue = this.#usable(backend).serves(server) ? serverCount + backend : -1;
    let found = -1;
    let best = Infinity;
    for (let thread = 0; thread < this.#layout.waits.length; thread++) {
      for (const queue of [server, backendQueue]) {
        if (queue < 0) continue;
        const key = this.#unclaimedKey(this.#waitRow(thread, queue));
        if (key < best || (key === best && thread === this.#thread && best !== Infinity)) {
          best = key;
          found = thread * (serverCount + heaps.length) + queue;
        }
      }
    }
    return found;
  }

  #unclaimedKey(row: number): number {
    const claimed = Atomics.load(this.#words, row + CLAIMED);
    if (Atomics.load(this.#words, row + WAITING) <= claimed) return Infinity;
    return this.#keys[row >> 1] as number;
  }

  #claim(row: number): boolean {
    const claimed = Atomics.load(this.#words, row + CLAIMED);
    if (Atomics.load(this.#words, row + WAITING) <= claimed) return false;
    return Atomics.compareExchange(this.#words, row + CLAIMED, claimed, claimed + 1) === claimed;
  }

  #unclaim(row: number): void {
    let claimed = Atomics.load(this.#words, row + CLAIMED);
    while (claimed > 0) {
      const seen = Atomics.compareExchange(this.#words, row + CLAIMED, claimed, claimed - 1);
      if (seen === claimed) return;
      claimed = seen;
    }
  }

  #enqueue(queue: number, waiter: Waiter, priorityClass: number, offsetMs: number): Waiting {
    const time = Math.floor((preciseMs() - this.#epochMs + OFFSET_RANGE_MS + offsetMs) * TIME_UNITS);
    const key = (priorityClass - LOWEST_CLASS) * CLASS_STEP + Math.max(0, time);
    const entry = new Waiting(waiter, queue, key, Atomics.load(this.#words, this.#dequeuedAt(queue)));
    let local = this.#local.get(queue);
    if (local === undefined) this.#local.set(queue, (local = new LocalQueue()));
    local.insert(entry);
    this.#publish(queue, local);
    this.#changeLength(queue, 1);
    return entry;
  }

  #dequeue(entry: Waiting): void {
    const local = this.#local.get(entry.queue) as LocalQueue;
    local.remove(entry);
    entry.linked = false;
    this.#publish(entry.queue, local);
    this.#changeLength(entry.queue, -1);
    entry.position = Atomics.load(this.#words, this.#dequeuedAt(entry.queue)) - entry.arrivedAt + 1;
  }

  #publish(queue: number, local: LocalQueue): void {
    const row = this.#waitRow(this.#thread, queue);
    this.#keys[row >> 1] = local.first === undefined ? Infinity : local.first.key;
    Atomics.store(this.#words, row + WAITING, local.length);
  }

  #changeLength(queue: number, amount: number): void {
    Atomics.add(this.#words, this.#lengthAt(queue), amount);
    if (queue < this.#layout.serverCount) this.#heap.update(queue);
  }

  #flush(queue: number): Waiting[] {
    const entries: Waiting[] = [];
    for (;;) {
      const entry = this.#local.get(queue)?.first;
      if (entry === undefined) return entries;
      this.#dequeue(entry);
      entry.queued = false;
      entries.push(entry);
    }
  }

  /** The place is held by this thread; the request leaves its queue and is told, one after the other. */
  #serve(entry: Waiting, server: number): void {
    this.#dequeue(entry);
    Atomics.add(this.#words, this.#dequeuedAt(entry.queue), 1);
    this.#deliveries.push({ entry, server });
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      for (let next = this.#deliveries.shift(); next !== undefined; next = this.#deliveries.shift())
        deliver(next.entry, next.server);
    } finally {
      this.#delivering = false;
    }
  }

  #waitRow(thread: number, queue: number): number {
    return (this.#layout.waits[thread] as number) + queue * WAIT_ROW;
  }

  #lengthAt(queue: number): number {
    const { serverCount, servers, backends } = this.#layout;
    return queue < serverCount
      ? servers + queue * SERVER_ROW + S.queued
      : backends + (queue - serverCount) * BACKEND_ROW + B.queued;
  }

  #dequeuedAt(queue: number): number {
    const { serverCount, servers, backends } = this.#layout;
    return queue < serverCount
      ? servers + queue * SERVER_ROW + S.dequeued
      : backends + (queue - serverCount) * BACKEND_ROW + B.dequeued;
  }
}

function deliver(entry: Waiting, server: number): void {
  if (!entry.queued) return;
  entry.queued = false;
  entry.waiter.onSlot(server);
}
