/**
 * The idle connections of one server in one thread (http-reuse, pool-max-conn, pool-purge-delay, max-reuse). The most recently
 * used one is taken first, so that surplus ones age. Connections are only mixed where their key is the same: what
 * makes them different (SNI, source address, PROXY header, mark) is the caller's to put into the key.
 *
 *   put ──▶ [newest ⇄ … ⇄ oldest] ──▶ take (from the newest)       each key has two such lists: of connections
 *                              └────▶ purge (from the oldest)      reused at least once, and of fresh ones
 *
 * An idle connection's receive is armed: when the server closes it, or sends what nobody asked for, it is dropped
 * at once. take() hands it over as it is, so its receive is pending already.
 */
import type { Connection, ConnectionHandler } from './connection.ts';
import { Timer, type TimerWheel } from './timer-wheel.ts';

export interface IdlePoolOptions {
  /** pool-max-conn: at most so many here; -1: no limit. 0, or a purge delay of 0: none is kept. */
  readonly maxConn: number;
  readonly purgeDelayMs: number;
  /** max-reuse: a connection is taken so often at most; -1 or absent: no limit. */
  readonly maxReuse?: number;
  /** pool-low-conn: so many are kept above what is needed. */
  readonly lowConn?: number;
  /** tune.pool-low-fd-ratio: none with this descriptor or a higher one is kept. */
  readonly keptBelow?: number;
  /** tune.pool-high-fd-ratio: a new connection with this descriptor or a higher one takes an idle one's place. */
  readonly evictedFrom?: number;
}

/** Whose connections they are. */
export interface IdlePoolOwner {
  /** How many of the server's connections are in use now, that which is about to be put included. */
  connectionsUsed(): number;
  /** False: nothing more is put in. */
  mayKeepIdle(): boolean;
  /** Hears how many there are now, and how many of them were reused before. */
  idleChanged(size: number, proven: number): void;
}

export class IdlePool {
  readonly #wheel: TimerWheel;
  readonly #owner: IdlePoolOwner | undefined;
  readonly #maxConn: number;
  readonly #purgeDelayMs: number;
  readonly #lowConn: number;
  readonly #keptBelow: number;
  readonly #evictedFrom: number;
  readonly #shelves = new Map<string, Shelf>();
  /** The shelf used last: most servers have but one. */
  #lastKey = '';
  #lastShelf: Shelf | undefined;
  readonly #purge: Timer;
  readonly #maxReuse: number;
  /** How often a connection was put here, where that is limited. */
  readonly #uses: WeakMap<Connection, number> | undefined;
  #size = 0;
  #proven = 0;
  /** The least there were since the last purge: so many nobody needed. */
  #leastSize = 0;
  /** Most in use at the same time since the last purge, and what that says will be needed. */
  #mostUsed = 0;
  #needed = 0;

  constructor(wheel: TimerWheel, options: IdlePoolOptions, owner?: IdlePoolOwner) {
    this.#wheel = wheel;
    this.#owner = owner;
    this.#maxConn = options.maxConn;
    this.#purgeDelayMs = options.purgeDelayMs;
    this.#lowConn = options.lowConn ?? 0;
    this.#keptBelow = options.keptBelow ?? Infinity;
    this.#evictedFrom = options.evictedFrom ?? Infinity;
    this.#purge = new Timer(() => this.#purgeUnneeded());
    this.#maxReuse = options.maxReuse ?? -1;
    this.#uses = this.#maxReuse < 0 ? undefined : new WeakMap();
  }

  get size(): number {
    return this.#size;
  }

  /** The most recently used one with that key; with `proven`, only one that was reused before. */
  take(proven: boolean, key = ''): Connection | undefined {
    const shelf = this.#shelfOf(key);
    const idle = shelf?.proven.newest ?? (proven ? undefined : shelf?.fresh.newest);
    if (idle === undefined) return undefined;
    const connection = idle.connection as Connection;
    this.#remove(idle);
    return connection;
  }

  /** Takes the connection's handler and arms it. False: not kept, the caller closes it. */
  put(connection: Connection, reusedBefore: boolean, key = ''): boolean {
    if (this.#purgeDelayMs === 0 || (this.#maxConn >= 0 && this.#size >= this.#maxConn)) return false;
    if (connection.closed || connection.sending || this.#owner?.mayKeepIdle() === false) return false;
    if (connection.fd >= this.#keptBelow || this.#isWornOut(connection) || !this.#isNeeded()) return false;
    const shelf = this.#shelfOf(key) ?? this.#addShelf(key);
    const idle = spare.pop() ?? new Idle();
    idle.pool = this;
    idle.connection = connection;
    (reusedBefore ? shelf.proven : shelf.fresh).add(idle);
    idle.isProven = reusedBefore;
    this.#size++;
    if (reusedBefore) this.#proven++;
    this.#owner?.idleChanged(this.#size, this.#proven);
    connection.handler = idle;
    if (!connection.receiving) connection.receive();
    if (this.#purge.deadline === 0) this.#wheel.set(this.#purge, this.#purgeDelayMs);
    return true;
  }

  #shelfOf(key: string): Shelf | undefined {
    if (this.#lastShelf !== undefined && key === this.#lastKey) return this.#lastShelf;
    this.#lastKey = key;
    return (this.#lastShelf = this.#shelves.get(key));
  }

  #addShelf(key: string): Shelf {
    const shelf = { proven: new IdleList(), fresh: new IdleList() };
    this.#shelves.set(key, shelf);
    this.#lastShelf = shelf;
    return shelf;
  }

  /**
   * Used and idle ones together are not to be more than were ever in use at once: where requests keep coming on
   * connections of their own (`http-reuse safe`), idle ones would pile up.
   */
  #isNeeded(): boolean {
    if (this.#owner === undefined) return true;
    const now = this.#owner.connectionsUsed();
    if (now > this.#mostUsed) this.#mostUsed = now;
    if (now > this.#needed) this.#needed = now;
    return this.#size + now <= this.#needed + this.#lowConn;
  }

  #isWornOut(connection: Connection): boolean {
    if (this.#uses === undefined) return false;
    const uses = (this.#uses.get(connection) ?? 0) + 1;
    this.#uses.set(connection, uses);
    return uses > this.#maxReuse;
  }

  /** A connection was made because none could be taken from here. */
  made(connection: Connection): void {
    if (connection.fd >= this.#evictedFrom) this.evict(1);
  }

  /** Closes up to `count` of the oldest: where descriptors are few, or to make room for another. */
  evict(count: number): number {
    let left = Math.min(count, this.#size);
    const evicted = left;
    for (const [key, shelf] of this.#shelves) {
      while (left > 0) {
        const idle = shelf.fresh.oldest ?? shelf.proven.oldest;
        if (idle === undefined) break;
        this.drop(idle);
        left--;
      }
      if (shelf.fresh.newest === undefined && shelf.proven.newest === undefined) this.#shelves.delete(key);
    }
    this.#lastShelf = undefined;
    return evicted;
  }

  /** Closes all: the server is gone, or the thread ends. */
  clear(): void {
    this.evict(this.#size);
    this.#wheel.remove(this.#purge);
  }

  drop(idle: Idle): void {
    const { connection } = idle;
    this.#remove(idle);
    connection?.close();
  }

  #remove(idle: Idle): void {
    idle.list?.remove(idle);
    idle.connection = undefined;
    idle.pool = undefined;
    if (spare.length < SPARE_AT_MOST) spare.push(idle);
    this.#size--;
    if (idle.isProven) this.#proven--;
    this.#owner?.idleChanged(this.#size, this.#proven);
    if (this.#size < this.#leastSize) this.#leastSize = this.#size;
  }

  /** Half of those that lay unused for the whole interval. */
  #purgeUnneeded(): void {
    this.evict(Math.ceil(this.#leastSize / 2));
    this.#leastSize = this.#size;
    this.#needed = Math.max(Math.floor((this.#needed + this.#mostUsed) / 2), this.#mostUsed);
    this.#mostUsed = this.#owner?.connectionsUsed() ?? 0;
    if (this.#size > 0) this.#wheel.set(this.#purge, this.#purgeDelayMs);
  }
}

/** Of all pools of the thread: what is taken from one is warm when the next is filled. */
const spare: Idle[] = [];
const SPARE_AT_MOST = 1024;

interface Shelf {
  readonly proven: IdleList;
  readonly fresh: IdleList;
}

/** One kept connection, and what it hears meanwhile. Used again for the next one. */
class Idle implements ConnectionHandler {
  connection: Connection | undefined;
  list: IdleList | undefined;
  isProven = false;
  newer: Idle | undefined;
  older: Idle | undefined;
  pool: IdlePool | undefined;

  onReceived(): void {
    this.pool?.drop(this);
  }
  onEnd(): void {
    this.pool?.drop(this);
  }
  onFailed(): void {
    this.pool?.drop(this);
  }
  onConnected(): void {
    throw new Error('an idle connection was connected before');
  }
  onSent(): void {
    throw new Error('nothing is sent on an idle connection');
  }
}

class IdleList {
  newest: Idle | undefined;
  oldest: Idle | undefined;

  add(idle: Idle): void {
    idle.list = this;
    idle.newer = undefined;
    idle.older = this.newest;
    if (this.newest === undefined) this.oldest = idle;
    else this.newest.newer = idle;
    this.newest = idle;
  }

  remove(idle: Idle): void {
    if (idle.newer === undefined) this.newest = idle.older;
    else idle.newer.older = idle.older;
    if (idle.older === undefined) this.oldest = idle.newer;
    else idle.older.newer = idle.newer;
    idle.list = undefined;
    idle.newer = undefined;
    idle.older = undefined;
  }
}
