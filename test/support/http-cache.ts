/** Caches for tests, and responses whose every byte can be foreseen. */
import type { CacheSettings } from '../../src/model/http-cache.ts';
import { CacheReader } from '../../src/state/http-cache/cache-reader.ts';
import type { HttpCache, StoredFacts } from '../../src/state/http-cache/http-cache.ts';
import { HttpCaches } from '../../src/state/http-cache/http-caches.ts';
import type { CacheKey } from '../../src/state/http-cache/key.ts';
import type { Variant } from '../../src/state/http-cache/variant.ts';

const NOBODY: Variant = { codings: 0, refererLow: 0, refererHigh: 0, originLow: 0, originHigh: 0 };

export const STORED: StoredFacts = {
  varies: 0,
  variant: NOBODY,
  expires: 1_000_000,
  validated: 0,
  age: 0,
  lastModified: 0,
  etagStart: 0,
  etagLength: 0,
  chunked: false,
  plain: false,
};

export function cacheSettings(changes: Partial<CacheSettings> = {}): CacheSettings {
  return {
    name: 'c',
    position: { file: 'test', line: 1, column: 1 },
    totalBytes: 64 * 1024,
    maxObjectBytes: 32 * 1024,
    maxAgeSeconds: 60,
    processVary: true,
    maxSecondaryEntries: 10,
    ...changes,
  };
}

export interface TestCache {
  readonly all: HttpCaches;
  readonly cache: HttpCache;
  readonly key: CacheKey;
}

export function createCache(changes: Partial<CacheSettings> = {}, threads = 1): TestCache {
  const all = HttpCaches.create([cacheSettings(changes)], threads);
  return { all, cache: all.find('c') as HttpCache, key: all.createKey() };
}

/** As thread 1..n sees it. */
export function attachCache({ all }: Pick<TestCache, 'all'>, thread: number): TestCache {
  const attached = HttpCaches.attach(all.shared, thread);
  return { all: attached, cache: attached.find('c') as HttpCache, key: attached.createKey() };
}

/** Bytes that tell apart places and objects. */
export function bodyOf(seed: number, length: number): Buffer {
  const body = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; at++) body[at] = (seed * 31 + at + (at >>> 8)) & 0xff;
  return body;
}

/** Stores a response in pieces; false: the cache does not want it. */
export function store(
  { cache, key }: TestCache,
  target: string,
  body: Buffer,
  facts: Partial<StoredFacts> = {},
  now = 0,
): boolean {
  key.load('host', target);
  const entry = cache.begin(key, { ...STORED, ...facts }, now);
  if (entry === 0) return false;
  const head = Buffer.from(`HTTP/1.1 200 OK\r\nx-target: ${target}\r\n`);
  const pieces = [head, body.subarray(0, 700), body.subarray(700)];
  if (!pieces.every(piece => cache.append(entry, piece, 0, piece.length))) {
    cache.abandon(entry);
    return false;
  }
  cache.complete(entry, head.length, body.length);
  return true;
}

/** The reader of a response, held until `release`; undefined: it is not in the cache. */
export function find(
  { cache, key }: TestCache,
  target: string,
  variant: Variant = NOBODY,
  now = 0,
): CacheReader | undefined {
  key.load('host', target);
  const entry = cache.find(key, () => variant, now);
  if (entry === 0) return undefined;
  const reader = new CacheReader();
  reader.begin(cache, entry);
  return reader;
}

/** Reads all in pieces of that size. */
export function readBody(reader: CacheReader, piece = 5000): Buffer {
  const head = Buffer.alloc(reader.headLength);
  reader.read(head, 0, head.length);
  const body = Buffer.alloc(reader.left);
  for (let at = 0; reader.left > 0;) at += reader.read(body, at, Math.min(piece, body.length - at));
  return body;
}
