/**
 * One HTTP cache as one thread sees it: stored responses in memory that all threads share (layout.ts).
 *
 *   filled    begin(key, …) ▶ append(…)* ▶ complete(…) or abandon()     by one thread; nobody reads it before
 *   read      find(key, variant) ▶ CacheReader ▶ release()              what is being read is not overwritten
 *
 * What finds no room takes that of the entries that were not used for longest. The lock is held for a walk through a
 * short chain, never while bytes are copied.
 */
import type { CacheSettings } from '../../model/http-cache.ts';
import { TableLock } from '../stick-table/lock.ts';
import { BlockArena } from './block-arena.ts';
import { EntryIndex } from './entry-index.ts';
import type { CacheKey } from './key.ts';
import { BLOCK_BYTES, COMPLETE, ENTRY, ENTRY_BYTES, HEADER, WRITING, type CacheLayout } from './layout.ts';
import { BY_ACCEPT_ENCODING, BY_ORIGIN, BY_REFERER, takesCodings, type Variant } from './variant.ts';

/** What threads are sent. */
export interface SharedCache {
  readonly settings: CacheSettings;
  readonly index: SharedArrayBuffer;
  readonly data: SharedArrayBuffer;
  readonly threads: number;
  readonly seed: number;
}

/** What is known of a response before its bytes. Moments are seconds of the monotonic clock. */
export interface StoredFacts {
  /** What it varies on; 0: nothing. */
  readonly varies: number;
  /** Of the request it answers, reduced to that. */
  readonly variant: Variant;
  readonly expires: number;
  readonly validated: number;
  /** `Age` it came with. */
  readonly age: number;
  /** Seconds since the epoch. */
  readonly lastModified: number;
  /** Where its entity tag lies in its head; length 0: it has none. */
  readonly etagStart: number;
  readonly etagLength: number;
  readonly chunked: boolean;
  /** It can be sent as it is: HTTP/1.1, with an end of its own, and no word about connections. */
  readonly plain: boolean;
}

/** As `show cache` tells it. */
export interface EntryReport {
  readonly entry: number;
  readonly hash: number;
  readonly variant: Variant;
  readonly bytes: number;
  readonly blocks: number;
  readonly readers: number;
  readonly expires: number;
}

export class HttpCache {
  readonly settings: CacheSettings;
  readonly arena: BlockArena;
  readonly #layout: CacheLayout;
  readonly #words: Int32Array;
  readonly #entries: EntryIndex;
  readonly #lock: TableLock;
  readonly #thread: number;

  constructor({ settings, index, data }: SharedCache, layout: CacheLayout, thread: number) {
    this.settings = settings;
    this.#layout = layout;
    this.#thread = thread;
    this.#words = new Int32Array(index);
    this.arena = new BlockArena(layout, this.#words, data);
    this.#entries = new EntryIndex(layout, this.#words, this.arena);
    this.#lock = new TableLock(this.#words, HEADER.lock, thread, () => this.#repair());
  }

  // ── read ──

  /**
   * A complete response to that key that the request may be given, with one reader more: `release` it. `variantOf` is
   * asked when responses to that key vary. 0: there is none.
   */
  find(key: CacheKey, variantOf: (varies: number) => Variant | undefined, now: number): number {
    this.#lock.take();
    let entry = this.#entries.find(key);
    while (entry !== 0 && !this.#answers(entry, variantOf, now)) entry = this.#entries.find(key, entry);
    if (entry !== 0) {
      this.#hold(entry, 1);
      this.#entries.touch(entry);
    }
    this.#lock.release();
    return entry;
  }

  #answers(entry: number, variantOf: (varies: number) => Variant | undefined, now: number): boolean {
    if (this.#entries.state(entry) !== COMPLETE || this.arena.get(entry, ENTRY.expires) <= now) return false;
    const varies = this.arena.get(entry, ENTRY.varies);
    if (varies === 0) return true;
    const variant = variantOf(varies);
    return variant !== undefined && this.#isFor(entry, varies, variant);
  }

  #isFor(entry: number, varies: number, variant: Variant): boolean {
    const { arena } = this;
    if (
      (varies & BY_ACCEPT_ENCODING) !== 0 &&
      !takesCodings(arena.get(entry, ENTRY.codings), variant.codings)
    )
      return false;
    if (
      (varies & BY_REFERER) !== 0 &&
      (arena.get(entry, ENTRY.refererLow) !== variant.refererLow ||
        arena.get(entry, ENTRY.refererHigh) !== variant.refererHigh)
    )
      return false;
    return (
      (varies & BY_ORIGIN) === 0 ||
      (arena.get(entry, ENTRY.originLow) === variant.originLow &&
        arena.get(entry, ENTRY.originHigh) === variant.originHigh)
    );
  }

  release(entry: number): void {
    this.#lock.take();
    this.#hold(entry, -1);
    if (this.arena.get(entry, ENTRY.readers) === 0 && this.arena.get(entry, ENTRY.indexed) === 0)
      this.#entries.free(entry);
    this.#lock.release();
  }

  #hold(entry: number, change: number): void {
    const { arena } = this;
    const before = arena.get(entry, ENTRY.readers);
    arena.set(entry, ENTRY.readers, before + change);
    const held = this.#layout.held[this.#thread];
    if (held !== undefined && held !== 0)
      this.#words[held + entry] = (this.#words[held + entry] as number) + change;
    if (before === 0) this.#addBusy(arena.get(entry, ENTRY.blocks));
    else if (before + change === 0) this.#addBusy(-arena.get(entry, ENTRY.blocks));
  }

  #addBusy(blocks: number): void {
    this.#words[HEADER.busy] = (this.#words[HEADER.busy] as number) + blocks;
  }

  // ── filled ──

  /**
   * Begins to store a response; what it replaces is gone from now on. 0: another thread is storing it now, there are
   * too many variants of it, or there is no room.
   */
  begin(key: CacheKey, facts: StoredFacts, now: number): number {
    this.#lock.take();
    const entry = this.#makeWay(key, facts, now) ? this.#takeBlock() : 0;
    if (entry !== 0) {
      this.#write(entry, key, facts);
      this.#entries.setState(entry, WRITING);
      this.#entries.add(entry, key.hash);
      this.#addBusy(1);
    }
    this.#lock.release();
    return entry;
  }

  #makeWay(key: CacheKey, { varies, variant }: StoredFacts, now: number): boolean {
    let others = 0;
    for (let entry = this.#entries.find(key), next = 0; entry !== 0; entry = next) {
      next = this.#entries.find(key, entry);
      const known = this.arena.get(entry, ENTRY.varies);
      const isOther = varies !== 0 && known !== 0 && !this.#isFor(entry, known, variant);
      const isOver = this.arena.get(entry, ENTRY.expires) <= now;
      if (this.#entries.state(entry) === WRITING && !isOther) return false;
      if (isOver || !isOther) this.#entries.remove(entry);
      else others++;
    }
    return varies === 0 || others < this.settings.maxSecondaryEntries;
  }

  #write(entry: number, key: CacheKey, facts: StoredFacts): void {
    const { arena } = this;
    const { variant } = facts;
    arena.set(entry, ENTRY.readers, 0);
    arena.set(entry, ENTRY.writer, this.#thread + 1);
    arena.set(entry, ENTRY.blocks, 1);
    arena.set(entry, ENTRY.last, entry);
    arena.set(entry, ENTRY.used, ENTRY_BYTES);
    arena.set(entry, ENTRY.keyLength, key.length);
    arena.append(entry, entry, key.bytes, 0, key.length);
    arena.set(entry, ENTRY.headLength, 0);
    arena.set(entry, ENTRY.bodyLength, 0);
    arena.set(entry, ENTRY.chunked, facts.chunked ? 1 : 0);
    arena.set(entry, ENTRY.plain, facts.plain ? 1 : 0);
    arena.set(entry, ENTRY.varies, facts.varies);
    arena.set(entry, ENTRY.codings, variant.codings);
    arena.set(entry, ENTRY.refererLow, variant.refererLow);
    arena.set(entry, ENTRY.refererHigh, variant.refererHigh);
    arena.set(entry, ENTRY.originLow, variant.originLow);
    arena.set(entry, ENTRY.originHigh, variant.originHigh);
    arena.set(entry, ENTRY.expires, facts.expires);
    arena.set(entry, ENTRY.validated, facts.validated);
    arena.set(entry, ENTRY.age, facts.age);
    arena.set(entry, ENTRY.etagStart, facts.etagStart);
    arena.set(entry, ENTRY.etagLength, facts.etagLength);
    arena.setLastModified(entry, facts.lastModified);
  }

  /** Adds bytes to what is being stored; false: it has become too large, or there is no room: abandon it. */
  append(entry: number, source: Uint8Array, start: number, end: number): boolean {
    const { arena } = this;
    const length = end - start;
    if (this.#size(entry) + length > this.settings.maxObjectBytes) return false;
    const block = arena.get(entry, ENTRY.last);
    if (length > arena.room(entry) && !this.#extend(entry, length - arena.room(entry))) return false;
    arena.append(entry, block, source, start, end);
    return true;
  }

  #extend(entry: number, bytes: number): boolean {
    this.#lock.take();
    const { arena } = this;
    const wanted = Math.ceil(bytes / BLOCK_BYTES);
    let taken = 0;
    for (; taken < wanted; taken++) {
      const block = this.#takeBlock();
      if (block === 0) break;
      arena.chain(entry, block);
    }
    this.#addBusy(taken);
    this.#lock.release();
    return taken === wanted;
  }

  #takeBlock(): number {
    const block = this.arena.take();
    if (block !== 0 || !this.#entries.removeOldest()) return block;
    return this.arena.take();
  }

  /** All of it is stored, a head and a body of so many bytes: others may find it. */
  complete(entry: number, headLength: number, bodyLength: number): void {
    this.arena.set(entry, ENTRY.headLength, headLength);
    this.arena.set(entry, ENTRY.bodyLength, bodyLength);
    this.#lock.take();
    this.#addBusy(-this.arena.get(entry, ENTRY.blocks));
    this.#entries.complete(entry);
    this.#lock.release();
  }

  /** What is stored so far of it is thrown away. */
  abandon(entry: number): void {
    this.#lock.take();
    this.#addBusy(-this.arena.get(entry, ENTRY.blocks));
    this.#entries.remove(entry);
    this.#entries.free(entry);
    this.#lock.release();
  }

  /** Everything that is stored under that key is out of date (RFC 9111 section 4.4). */
  invalidate(key: CacheKey): void {
    this.#lock.take();
    for (let entry = this.#entries.find(key); entry !== 0; entry = this.#entries.find(key))
      this.#entries.remove(entry);
    this.#lock.release();
  }

  // ── the cache as a whole ──

  get blocks(): number {
    return this.#layout.blocks;
  }

  /** Blocks that hold nothing that is being read or filled. */
  get availableBlocks(): number {
    return this.#layout.blocks - (this.#words[HEADER.busy] as number);
  }

  /** Number up to which entries can lie: for a walk in pieces. */
  get lastEntry(): number {
    return this.#entries.last;
  }

  /** Undefined: no entry, or none that is found any more. */
  report(entry: number, now: number): EntryReport | undefined {
    if (this.#entries.state(entry) !== COMPLETE) return undefined;
    this.#lock.take();
    const isThere = this.#entries.state(entry) === COMPLETE && this.arena.get(entry, ENTRY.indexed) === 1;
    const report = isThere ? this.#describe(entry) : undefined;
    this.#lock.release();
    return report === undefined || report.expires <= now ? undefined : report;
  }

  #describe(entry: number): EntryReport {
    const word = (field: number): number => this.arena.get(entry, field);
    return {
      entry,
      hash: word(ENTRY.hash) >>> 0,
      variant: {
        codings: word(ENTRY.codings),
        refererLow: word(ENTRY.refererLow),
        refererHigh: word(ENTRY.refererHigh),
        originLow: word(ENTRY.originLow),
        originHigh: word(ENTRY.originHigh),
      },
      bytes: this.#size(entry),
      blocks: word(ENTRY.blocks),
      readers: word(ENTRY.readers),
      expires: word(ENTRY.expires),
    };
  }

  /** As `max-object-size` counts: the key is nobody's business. */
  #size(entry: number): number {
    return this.arena.get(entry, ENTRY.used) - this.arena.get(entry, ENTRY.keyLength);
  }

  /** Gives back what a dead data thread was reading or filling. */
  recover(thread: number): void {
    this.#lock.abandonedBy(thread);
    const held = this.#layout.held[thread];
    if (held === undefined || held === 0) return;
    this.#lock.take();
    for (let entry = 1; entry <= this.#entries.last; entry++) this.#letGo(entry, held + entry, thread);
    this.#lock.release();
  }

  #letGo(entry: number, held: number, thread: number): void {
    const { arena } = this;
    const count = this.#words[held] as number;
    this.#words[held] = 0;
    const state = this.#entries.state(entry);
    if (state === WRITING && arena.get(entry, ENTRY.writer) === thread + 1) {
      this.#addBusy(-arena.get(entry, ENTRY.blocks));
      this.#entries.remove(entry);
      this.#entries.free(entry);
    } else if (count > 0) {
      const readers = arena.get(entry, ENTRY.readers) - count;
      arena.set(entry, ENTRY.readers, readers);
      if (readers > 0) return;
      this.#addBusy(-arena.get(entry, ENTRY.blocks));
      if (arena.get(entry, ENTRY.indexed) === 0) this.#entries.free(entry);
    }
  }

  /** What is being read or filled, by whomever, goes on. */
  #repair(): void {
    this.#entries.rebuild(
      entry => this.#entries.state(entry) === WRITING || this.arena.get(entry, ENTRY.readers) > 0,
    );
  }
}
