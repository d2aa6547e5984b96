/**
 * Which entries of a stick table are in use: hash chains to find them, a list in the order of their use to take the
 * oldest away, a list of free ones. Everything here runs under the table's lock.
 *
 *   oldest ─▶ … newer … ─▶ newest     all live equally long: this is the order of expiry, too
 *
 * What peers tell of may have less time left: it gets its place among the newest ones, as near as a short look finds it.
 */
import type { StickTableSettings } from '../../model/stick-table.ts';
import type { StickKey } from './key.ts';
import { ENTRY, HEADER, type StickTableLayout } from './layout.ts';
import type { UpdateLog } from './update-log.ts';

/** Expired entries that a new one clears away on its way. */
const SWEEP = 2;
/** Entries that are looked at, from the newest, for the place of one that lives shorter than others. */
const LOOK_BACK = 32;

export class EntryIndex {
  readonly #words: Int32Array;
  readonly #cells: Float64Array;
  readonly #key: StickKey;
  readonly #layout: StickTableLayout;
  readonly #size: number;
  readonly #expireMs: number;
  readonly #nopurge: boolean;
  readonly #updates: UpdateLog | undefined;

  constructor(
    { size, expireMs, nopurge }: StickTableSettings,
    layout: StickTableLayout,
    words: Int32Array,
    cells: Float64Array,
    key: StickKey,
    updates: UpdateLog | undefined,
  ) {
    this.#words = words;
    this.#cells = cells;
    this.#key = key;
    this.#layout = layout;
    this.#size = size;
    this.#expireMs = expireMs;
    this.#nopurge = nopurge;
    this.#updates = updates;
  }

  #at(entry: number): number {
    return this.#layout.entries + entry * this.#layout.entryWords;
  }

  #bucket(hash: number): number {
    return this.#layout.buckets + (hash & this.#layout.bucketMask);
  }

  /** The entry of the loaded key; 0: none. One that has expired is taken away. */
  find(nowMs: number): number {
    const words = this.#words;
    const { hash, length } = this.#key;
    let entry = words[this.#bucket(hash)] as number;
    while (entry !== 0) {
      const at = this.#at(entry);
      if (words[at + ENTRY.hash] === hash && words[at + ENTRY.length] === length + 1 && this.#isKeyAt(at)) {
        if (!this.isOver(entry, nowMs)) return entry;
        this.remove(entry);
        return 0;
      }
      entry = words[at + ENTRY.next] as number;
    }
    return 0;
  }

  #isKeyAt(at: number): boolean {
    const key = this.#key.words;
    const count = (this.#key.length + 3) >>> 2;
    for (let index = 0; index < count; index++)
      if (this.#words[at + ENTRY.key + index] !== key[index]) return false;
    return true;
  }

  /** Nobody tracks it and its time is over. */
  isOver(entry: number, nowMs: number): boolean {
    const at = this.#at(entry);
    return (
      this.#expireMs !== 0 &&
      (this.#cells[(at + ENTRY.expire) >>> 1] as number) <= nowMs &&
      (this.#words[at + ENTRY.refs] as number) === 0
    );
  }

  /** A new entry for the loaded key, everything in it 0; 0: there is no room. */
  create(nowMs: number): number {
    this.expire(nowMs, SWEEP);
    const entry = this.#room(nowMs);
    if (entry === 0) return 0;
    const words = this.#words;
    const at = this.#at(entry);
    words.fill(0, at, at + this.#layout.entryWords);
    if (this.#updates !== undefined) this.#updates.forget(entry);
    words.set(this.#key.words, at + ENTRY.key);
    words[at + ENTRY.hash] = this.#key.hash;
    words[HEADER.used] = (words[HEADER.used] as number) + 1;
    this.#chain(entry, at);
    words[at + ENTRY.length] = this.#key.length + 1;
    this.#append(entry, at);
    this.#cells[(at + ENTRY.expire) >>> 1] = nowMs + this.#expireMs;
    return entry;
  }

  #room(nowMs: number): number {
    const words = this.#words;
    const free = words[HEADER.free] as number;
    if (free !== 0) {
      words[HEADER.free] = words[this.#at(free) + ENTRY.next] as number;
      return free;
    }
    const fresh = words[HEADER.fresh] as number;
    if (fresh < this.#size) return (words[HEADER.fresh] = fresh + 1);
    this.expire(nowMs, Infinity);
    if ((words[HEADER.free] as number) === 0 && (this.#nopurge || !this.#removeOldest())) return 0;
    return this.#room(nowMs);
  }

  #removeOldest(): boolean {
    const words = this.#words;
    for (let entry = words[HEADER.oldest] as number; entry !== 0;) {
      const at = this.#at(entry);
      if (words[at + ENTRY.refs] === 0) {
        this.remove(entry);
        return true;
      }
      entry = words[at + ENTRY.newer] as number;
    }
    return false;
  }

  /** Takes away at most so many entries whose time is over. */
  expire(nowMs: number, most: number): void {
    if (this.#expireMs === 0) return;
    const words = this.#words;
    const newest = words[HEADER.newest] as number;
    let entry = words[HEADER.oldest] as number;
    for (let count = 0; entry !== 0 && count < most; count++) {
      const at = this.#at(entry);
      if ((this.#cells[(at + ENTRY.expire) >>> 1] as number) > nowMs) return;
      const next = words[at + ENTRY.newer] as number;
      if (words[at + ENTRY.refs] === 0) this.remove(entry);
      else this.#toNewest(entry, at);
      if (entry === newest) return;
      entry = next;
    }
  }

  touch(entry: number, nowMs: number): void {
    const at = this.#at(entry);
    this.#cells[(at + ENTRY.expire) >>> 1] = nowMs + this.#expireMs;
    this.#toNewest(entry, at);
    if (this.#updates !== undefined) this.#updates.note(entry);
  }

  /** A peer told of it, and how long it lives. */
  learn(entry: number, lifeMs: number, nowMs: number): void {
    const at = this.#at(entry);
    const expiry = nowMs + Math.min(lifeMs, this.#expireMs);
    this.#cells[(at + ENTRY.expire) >>> 1] = expiry;
    this.#detach(at);
    this.#insertAfter(this.#placeOf(expiry), entry, at);
  }

  /** The newest entry that expires no later; 0: it becomes the oldest. */
  #placeOf(expiry: number): number {
    let other = this.#words[HEADER.newest] as number;
    for (let looked = 0; other !== 0 && looked < LOOK_BACK; looked++) {
      const at = this.#at(other);
      if ((this.#cells[(at + ENTRY.expire) >>> 1] as number) <= expiry) return other;
      other = this.#words[at + ENTRY.older] as number;
    }
    return other;
  }

  #insertAfter(older: number, entry: number, at: number): void {
    const words = this.#words;
    const link = older === 0 ? HEADER.oldest : this.#at(older) + ENTRY.newer;
    const newer = words[link] as number;
    words[at + ENTRY.older] = older;
    words[at + ENTRY.newer] = newer;
    words[link] = entry;
    if (newer === 0) words[HEADER.newest] = entry;
    else words[this.#at(newer) + ENTRY.older] = entry;
  }

  #toNewest(entry: number, at: number): void {
    if (this.#words[HEADER.newest] === entry) return;
    this.#detach(at);
    this.#append(entry, at);
  }

  remove(entry: number): void {
    const words = this.#words;
    const at = this.#at(entry);
    words[at + ENTRY.length] = 0;
    if (this.#updates !== undefined) this.#updates.forget(entry);
    this.#unchain(entry, at);
    this.#detach(at);
    words[at + ENTRY.next] = words[HEADER.free] as number;
    words[HEADER.free] = entry;
    words[HEADER.used] = (words[HEADER.used] as number) - 1;
  }

  #chain(entry: number, at: number): void {
    const words = this.#words;
    const bucket = this.#bucket(words[at + ENTRY.hash] as number);
    words[at + ENTRY.next] = words[bucket] as number;
    words[bucket] = entry;
  }

  #unchain(entry: number, at: number): void {
    const words = this.#words;
    let link = this.#bucket(words[at + ENTRY.hash] as number);
    while (words[link] !== entry) link = this.#at(words[link] as number) + ENTRY.next;
    words[link] = words[at + ENTRY.next] as number;
  }

  #append(entry: number, at: number): void {
    const words = this.#words;
    const newest = words[HEADER.newest] as number;
    words[at + ENTRY.older] = newest;
    words[at + ENTRY.newer] = 0;
    if (newest === 0) words[HEADER.oldest] = entry;
    else words[this.#at(newest) + ENTRY.newer] = entry;
    words[HEADER.newest] = entry;
  }

  #detach(at: number): void {
    const words = this.#words;
    const older = words[at + ENTRY.older] as number;
    const newer = words[at + ENTRY.newer] as number;
    if (older === 0) words[HEADER.oldest] = newer;
    else words[this.#at(older) + ENTRY.newer] = newer;
    if (newer === 0) words[HEADER.newest] = older;
    else words[this.#at(newer) + ENTRY.older] = older;
  }

  /** A thread died in the middle of a change: all lists are made anew from the entries themselves. */
  rebuild(): void {
    const words = this.#words;
    words.fill(0, this.#layout.buckets, this.#layout.buckets + this.#layout.bucketMask + 1);
    words[HEADER.used] = words[HEADER.free] = words[HEADER.oldest] = words[HEADER.newest] = 0;
    const live: number[] = [];
    for (let entry = words[HEADER.fresh] as number; entry > 0; entry--) {
      const at = this.#at(entry);
      if (words[at + ENTRY.length] !== 0) live.push(entry);
      else {
        words[at + ENTRY.next] = words[HEADER.free] as number;
        words[HEADER.free] = entry;
      }
    }
    const expiry = (entry: number): number => this.#cells[(this.#at(entry) + ENTRY.expire) >>> 1] as number;
    for (const entry of live.sort((a, b) => expiry(a) - expiry(b))) {
      const at = this.#at(entry);
      this.#chain(entry, at);
      this.#append(entry, at);
    }
    words[HEADER.used] = live.length;
  }
}
