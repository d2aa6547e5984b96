/** Reads the bytes of an entry in order, in pieces as large as they are wanted. Who reads has found it and holds it. */
import type { BlockArena } from './block-arena.ts';
import type { HttpCache } from './http-cache.ts';
import { BLOCK_BYTES, ENTRY, ENTRY_BYTES } from './layout.ts';

export class CacheReader {
  #cache: HttpCache | undefined;
  #arena: BlockArena | undefined;
  #entry = 0;
  #block = 0;
  #offset = 0;
  /** Bytes not read yet. */
  left = 0;

  /** `entry`: as HttpCache.find() gave it. */
  begin(cache: HttpCache, entry: number): void {
    const { arena } = cache;
    const keyLength = arena.get(entry, ENTRY.keyLength);
    this.#cache = cache;
    this.#arena = arena;
    this.#entry = this.#block = entry;
    this.#offset = ENTRY_BYTES + keyLength;
    this.left = arena.get(entry, ENTRY.used) - this.#offset;
  }

  get active(): boolean {
    return this.#cache !== undefined;
  }

  get headLength(): number {
    return this.#word(ENTRY.headLength);
  }

  /** Of the content alone, without what closes it. */
  get bodyLength(): number {
    return this.#word(ENTRY.bodyLength);
  }

  get chunked(): boolean {
    return this.#word(ENTRY.chunked) === 1;
  }

  get plain(): boolean {
    return this.#word(ENTRY.plain) === 1;
  }

  get age(): number {
    return this.#word(ENTRY.age);
  }

  get validated(): number {
    return this.#word(ENTRY.validated);
  }

  get lastModified(): number {
    return (this.#arena as BlockArena).lastModified(this.#entry);
  }

  /** Its entity tag; empty: it has none. */
  get etag(): string {
    const length = this.#word(ENTRY.etagLength);
    if (length === 0) return '';
    const head = Buffer.allocUnsafe(this.#word(ENTRY.etagStart) + length);
    const ahead = new CacheReader();
    ahead.begin(this.#cache as HttpCache, this.#entry);
    ahead.read(head, 0, head.length);
    return head.toString('latin1', head.length - length);
  }

  #word(field: number): number {
    return (this.#arena as BlockArena).get(this.#entry, field);
  }

  /** The next bytes, as many as there are and fit; gives their number. */
  read(target: Buffer, at: number, most: number): number {
    const arena = this.#arena as BlockArena;
    const wanted = Math.min(most, this.left);
    for (let done = 0; done < wanted;) {
      if (this.#offset === BLOCK_BYTES) {
        this.#block = arena.follower(this.#block);
        this.#offset = 0;
      }
      const count = arena.copyRun(this.#block, this.#offset, target, at + done, wanted - done);
      done += count;
      const end = this.#offset + count;
      // a run passes whole blocks that lie side by side
      this.#block += Math.ceil(end / BLOCK_BYTES) - 1;
      this.#offset = end - (Math.ceil(end / BLOCK_BYTES) - 1) * BLOCK_BYTES;
    }
    this.left -= wanted;
    return wanted;
  }

  /** It is not read any more. */
  release(): void {
    const cache = this.#cache;
    this.#cache = this.#arena = undefined;
    cache?.release(this.#entry);
  }
}
