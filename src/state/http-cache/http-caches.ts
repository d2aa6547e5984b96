/** All caches of a configuration: the control thread creates them, the data threads attach to their buffers. */
import { randomInt } from 'node:crypto';
import type { CacheSettings } from '../../model/http-cache.ts';
import { HttpCache, type SharedCache } from './http-cache.ts';
import { CacheKey } from './key.ts';
import { computeCacheLayout } from './layout.ts';

export class HttpCaches {
  readonly shared: readonly SharedCache[];
  readonly #caches: ReadonlyMap<string, HttpCache>;

  private constructor(shared: readonly SharedCache[], thread: number) {
    this.shared = shared;
    this.#caches = new Map(
      shared.map(cache => [
        cache.settings.name,
        new HttpCache(cache, computeCacheLayout(cache.settings, cache.threads), thread),
      ]),
    );
  }

  /** Throws a RangeError when there is not so much memory. */
  static create(settings: readonly CacheSettings[], threads: number): HttpCaches {
    const seed = settings.length === 0 ? 0 : randomInt(2 ** 31);
    const shared = settings.map(cache => {
      const { indexBytes, dataBytes } = computeCacheLayout(cache, threads);
      const index = new SharedArrayBuffer(indexBytes);
      return { settings: cache, index, data: new SharedArrayBuffer(dataBytes), threads, seed };
    });
    return new HttpCaches(shared, 0);
  }

  static attach(shared: readonly SharedCache[], thread: number): HttpCaches {
    return new HttpCaches(shared, thread);
  }

  find(name: string): HttpCache | undefined {
    return this.#caches.get(name);
  }

  /** For all of them: a key loaded once serves every cache. */
  createKey(): CacheKey {
    return new CacheKey(this.shared[0]?.seed ?? 0);
  }

  get all(): Iterable<HttpCache> {
    return this.#caches.values();
  }

  /** Gives back what a dead data thread held. */
  recover(thread: number): void {
    for (const cache of this.#caches.values()) cache.recover(thread);
  }
}
