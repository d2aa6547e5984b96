/**
 * The blocks of one cache: chains of them hold the bytes of entries. Blocks are taken and given back under the
 * cache's lock; the bytes of an entry are written by the one thread that fills it and read by those that hold it,
 * without the lock.
 */
import { BLOCK_BYTES, BLOCK_WORDS, ENTRY, HEADER, type CacheLayout } from './layout.ts';

/** From so many bytes on a native call is faster. */
const NATIVE_BYTES = 512;

/** V8 copies shared memory word by word; Buffer.fill copies what it is to fill with as any memory, four times as fast. */
function copyShared(target: Buffer, at: number, source: Uint8Array): void {
  if (source.length < NATIVE_BYTES) target.set(source, at);
  else target.fill(source, at, at + source.length);
}

export class BlockArena {
  readonly #layout: CacheLayout;
  readonly #index: Int32Array;
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  readonly #doubles: Float64Array;

  constructor(layout: CacheLayout, index: Int32Array, data: SharedArrayBuffer) {
    this.#layout = layout;
    this.#index = index;
    this.#words = new Int32Array(data);
    this.#bytes = Buffer.from(data);
    this.#doubles = new Float64Array(data);
  }

  // ── words of an entry ──

  get(entry: number, field: number): number {
    return this.#words[(entry - 1) * BLOCK_WORDS + field] as number;
  }

  set(entry: number, field: number, value: number): void {
    this.#words[(entry - 1) * BLOCK_WORDS + field] = value;
  }

  lastModified(entry: number): number {
    return this.#doubles[((entry - 1) * BLOCK_WORDS + ENTRY.lastModified) / 2] as number;
  }

  setLastModified(entry: number, seconds: number): void {
    this.#doubles[((entry - 1) * BLOCK_WORDS + ENTRY.lastModified) / 2] = seconds;
  }

  // ── blocks, under the lock ──

  follower(block: number): number {
    return this.#index[this.#layout.links + block] as number;
  }

  /** A block nobody has; 0: there is none. */
  take(): number {
    const index = this.#index;
    const free = index[HEADER.free] as number;
    if (free !== 0) index[HEADER.free] = this.follower(free);
    else if ((index[HEADER.fresh] as number) < this.#layout.blocks)
      return (index[HEADER.fresh] = (index[HEADER.fresh] as number) + 1);
    return free;
  }

  /** Puts a block behind the last one of an entry. */
  chain(entry: number, block: number): void {
    this.#index[this.#layout.links + this.get(entry, ENTRY.last)] = block;
    this.set(entry, ENTRY.last, block);
    this.set(entry, ENTRY.blocks, this.get(entry, ENTRY.blocks) + 1);
  }

  /** Gives all blocks of an entry back. */
  free(entry: number): void {
    const index = this.#index;
    index[this.#layout.links + this.get(entry, ENTRY.last)] = index[HEADER.free] as number;
    index[HEADER.free] = entry;
  }

  // ── bytes ──

  /** Bytes that still fit into the entry's blocks. */
  room(entry: number): number {
    return this.get(entry, ENTRY.blocks) * BLOCK_BYTES - this.get(entry, ENTRY.used);
  }

  /** Blocks for all of them are there: from `block`, the one that is written to. Gives the one written to last. */
  append(entry: number, block: number, source: Uint8Array, start: number, end: number): number {
    let used = this.get(entry, ENTRY.used);
    let current = block;
    for (let at = start; at < end;) {
      const offset = used % BLOCK_BYTES;
      if (offset === 0 && used > 0) current = this.follower(current);
      const length = Math.min(end - at, BLOCK_BYTES - offset);
      copyShared(this.#bytes, (current - 1) * BLOCK_BYTES + offset, source.subarray(at, at + length));
      used += length;
      at += length;
    }
    this.set(entry, ENTRY.used, used);
    return current;
  }

  /** Copies within one run of blocks that lie side by side; gives how many bytes that were. */
  copyRun(block: number, offset: number, target: Buffer, at: number, length: number): number {
    let run = BLOCK_BYTES - offset;
    for (let last = block; run < length && this.follower(last) === last + 1; last++) run += BLOCK_BYTES;
    const count = Math.min(run, length);
    const from = (block - 1) * BLOCK_BYTES + offset;
    copyShared(target, at, this.#bytes.subarray(from, from + count));
    return count;
  }

  isEqual(block: number, offset: number, bytes: Uint8Array, length: number): boolean {
    const own = this.#bytes;
    const from = (block - 1) * BLOCK_BYTES + offset;
    for (let at = 0; at < length; at++) if (own[from + at] !== bytes[at]) return false;
    return true;
  }
}
