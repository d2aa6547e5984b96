/**
 * Which entries of a cache there are: hash chains to find them by their key, a list in the order of their use to
 * make room. Everything here runs under the cache's lock.
 *
 *   oldest ─▶ … newer … ─▶ newest     complete entries that can be found
 */
import type { BlockArena } from './block-arena.ts';
import type { CacheKey } from './key.ts';
import { COMPLETE, ENTRY, ENTRY_BYTES, HEADER, WRITING, type CacheLayout } from './layout.ts';

export class EntryIndex {
  readonly #layout: CacheLayout;
  readonly #words: Int32Array;
  readonly #arena: BlockArena;

  constructor(layout: CacheLayout, words: Int32Array, arena: BlockArena) {
    this.#layout = layout;
    this.#words = words;
    this.#arena = arena;
  }

  state(entry: number): number {
    return this.#words[this.#layout.states + entry] as number;
  }

  setState(entry: number, state: number): void {
    this.#words[this.#layout.states + entry] = state;
  }

  #bucket(hash: number): number {
    return this.#layout.buckets + (hash & this.#layout.bucketMask);
  }

  /** The first entry of a key, or the next one behind `after`; 0: there is none. */
  find(key: CacheKey, after = 0): number {
    const arena = this.#arena;
    let entry = after === 0 ? (this.#words[this.#bucket(key.hash)] as number) : arena.get(after, ENTRY.next);
    for (; entry !== 0; entry = arena.get(entry, ENTRY.next))
      if (
        arena.get(entry, ENTRY.hash) === key.hash &&
        arena.get(entry, ENTRY.keyLength) === key.length &&
        arena.isEqual(entry, ENTRY_BYTES, key.bytes, key.length)
      )
        return entry;
    return 0;
  }

  /** From now on it is found. */
  add(entry: number, hash: number): void {
    const bucket = this.#bucket(hash);
    this.#arena.set(entry, ENTRY.hash, hash);
    this.#arena.set(entry, ENTRY.next, this.#words[bucket] as number);
    this.#arena.set(entry, ENTRY.indexed, 1);
    this.#words[bucket] = entry;
  }

  /** It is not found any more; its blocks are given back with its last reader, or by who is filling it. */
  remove(entry: number): void {
    const arena = this.#arena;
    if (arena.get(entry, ENTRY.indexed) === 0) return;
    this.#unchain(entry);
    arena.set(entry, ENTRY.indexed, 0);
    if (this.state(entry) === WRITING) return;
    this.#detach(entry);
    if (arena.get(entry, ENTRY.readers) === 0) this.free(entry);
  }

  free(entry: number): void {
    this.setState(entry, 0);
    this.#arena.free(entry);
  }

  #unchain(entry: number): void {
    const arena = this.#arena;
    const bucket = this.#bucket(arena.get(entry, ENTRY.hash));
    const next = arena.get(entry, ENTRY.next);
    let before = this.#words[bucket] as number;
    if (before === entry) {
      this.#words[bucket] = next;
      return;
    }
    while (arena.get(before, ENTRY.next) !== entry) before = arena.get(before, ENTRY.next);
    arena.set(before, ENTRY.next, next);
  }

  // ── in the order of their use ──

  complete(entry: number): void {
    this.setState(entry, COMPLETE);
    if (this.#arena.get(entry, ENTRY.indexed) === 0) this.free(entry);
    else this.#append(entry);
  }

  touch(entry: number): void {
    if (this.#words[HEADER.newest] === entry) return;
    this.#detach(entry);
    this.#append(entry);
  }

  /** Takes the oldest entry away that nobody reads; false: there is none. */
  removeOldest(): boolean {
    const arena = this.#arena;
    for (
      let entry = this.#words[HEADER.oldest] as number;
      entry !== 0;
      entry = arena.get(entry, ENTRY.newer)
    ) {
      if (arena.get(entry, ENTRY.readers) > 0) continue;
      this.remove(entry);
      return true;
    }
    return false;
  }

  #append(entry: number): void {
    const words = this.#words;
    const newest = words[HEADER.newest] as number;
    this.#arena.set(entry, ENTRY.older, newest);
    this.#arena.set(entry, ENTRY.newer, 0);
    if (newest === 0) words[HEADER.oldest] = entry;
    else this.#arena.set(newest, ENTRY.newer, entry);
    words[HEADER.newest] = entry;
  }

  #detach(entry: number): void {
    const words = this.#words;
    const older = this.#arena.get(entry, ENTRY.older);
    const newer = this.#arena.get(entry, ENTRY.newer);
    if (older === 0) words[HEADER.oldest] = newer;
    else this.#arena.set(older, ENTRY.newer, newer);
    if (newer === 0) words[HEADER.newest] = older;
    else this.#arena.set(newer, ENTRY.older, older);
  }

  // ── as a whole ──

  /** First blocks of entries lie up to here. */
  get last(): number {
    return this.#words[HEADER.fresh] as number;
  }

  /**
   * A thread died in the middle of a change: nothing is trusted but the blocks of what is being read or filled. That
   * goes on and is not found any more; the cache begins anew with all other blocks.
   */
  rebuild(isKept: (entry: number) => boolean): void {
    const words = this.#words;
    const { buckets, bucketMask } = this.#layout;
    const isTaken = new Uint8Array(this.last + 1);
    words.fill(0, buckets, buckets + bucketMask + 1);
    words[HEADER.free] = words[HEADER.oldest] = words[HEADER.newest] = words[HEADER.busy] = 0;
    for (let entry = 1; entry <= this.last; entry++) {
      if (this.state(entry) === 0) continue;
      if (isKept(entry)) this.#keep(entry, isTaken);
      else this.setState(entry, 0);
    }
    for (let block = this.last; block > 0; block--) {
      if (isTaken[block] === 1) continue;
      words[this.#layout.links + block] = words[HEADER.free] as number;
      words[HEADER.free] = block;
    }
  }

  #keep(entry: number, isTaken: Uint8Array): void {
    const arena = this.#arena;
    const count = arena.get(entry, ENTRY.blocks);
    arena.set(entry, ENTRY.indexed, 0);
    this.#words[HEADER.busy] = (this.#words[HEADER.busy] as number) + count;
    for (let block = entry, left = count; left > 0; left--, block = arena.follower(block)) isTaken[block] = 1;
  }
}
