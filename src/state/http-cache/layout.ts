/**
 * Where everything of one HTTP cache lies. All threads compute the same layout from the same settings.
 *
 *   index (words)                                     data (bytes): `total-max-size`, in blocks of 1024
 *   ┌────────────────────────────────────┐            ┌──────────────────────────────────────────────┐
 *   │ header  lock · free · fresh ·      │ 16         │ block 1: the first block of an entry          │
 *   │         oldest · newest · busy     │            │   its words (ENTRY) · its key · bytes         │
 *   ├────────────────────────────────────┤            ├──────────────────────────────────────────────┤
 *   │ buckets first entry of each chain  │ 2^n        │ block 2: more bytes of one                    │
 *   ├────────────────────────────────────┤            │ …                                             │
 *   │ links   block that follows; in the │ a block    └──────────────────────────────────────────────┘
 *   │         list of free ones, too     │
 *   ├────────────────────────────────────┤            The bytes of an entry: the head as it was stored, the
 *   │ states  of an entry, at its first  │ a block    content, and what closes it (last chunk, trailers).
 *   │         block; 0: none begins here │
 *   ├────────────────────────────────────┤            An entry is called by the number of its first block;
 *   │ held    per data thread: how many  │ a block,   0 is nobody. Pages that nobody touches cost no
 *   │         readers it has of an entry │ a thread   memory: a cache costs what is stored in it.
 *   └────────────────────────────────────┘
 */
import type { CacheSettings } from '../../model/http-cache.ts';

export const BLOCK_BYTES = 1024;
export const BLOCK_WORDS = BLOCK_BYTES / 4;
/** Words at the begin of an entry's first block. */
const ENTRY_WORDS = 32;
export const ENTRY_BYTES = ENTRY_WORDS * 4;
/** The key lies in the first block, whole. */
export const LONGEST_KEY = 512;

export const HEADER = { lock: 0, free: 1, fresh: 2, oldest: 3, newest: 4, busy: 5 } as const;
const HEADER_WORDS = 16;

/** An entry is being filled by one thread, or can be read by all. */
export const WRITING = 1;
export const COMPLETE = 2;

/** `lastModified` is a double, in seconds since the epoch. */
export const ENTRY = {
  hash: 0,
  next: 1,
  older: 2,
  newer: 3,
  /** 0: nobody finds it any more, it goes with its last reader. */
  indexed: 4,
  readers: 5,
  writer: 6,
  blocks: 7,
  last: 8,
  /** Bytes in its blocks, its words and its key included. */
  used: 9,
  keyLength: 10,
  headLength: 11,
  bodyLength: 12,
  chunked: 13,
  varies: 14,
  codings: 15,
  refererLow: 16,
  refererHigh: 17,
  originLow: 18,
  originHigh: 19,
  /** Seconds of the monotonic clock (base/clock.ts); 32 bits of it outlive any process. */
  expires: 20,
  validated: 21,
  age: 22,
  etagStart: 23,
  etagLength: 24,
  plain: 25,
  lastModified: 26,
} as const;

export interface CacheLayout {
  readonly blocks: number;
  readonly buckets: number;
  readonly bucketMask: number;
  readonly links: number;
  readonly states: number;
  /** By data thread, from 1. */
  readonly held: readonly number[];
  readonly indexBytes: number;
  readonly dataBytes: number;
}

export function computeCacheLayout({ totalBytes }: CacheSettings, threads: number): CacheLayout {
  const blocks = Math.floor(totalBytes / BLOCK_BYTES);
  const chains = 2 ** Math.ceil(Math.log2(Math.max(2, blocks / 2)));
  const buckets = HEADER_WORDS;
  const links = buckets + chains;
  const states = links + blocks + 1;
  const held = [0];
  let end = states + blocks + 1;
  for (let thread = 1; thread <= threads; thread++, end += blocks + 1) held.push(end);
  return {
    blocks,
    buckets,
    bucketMask: chains - 1,
    links,
    states,
    held,
    indexBytes: end * 4,
    dataBytes: blocks * BLOCK_BYTES,
  };
}
