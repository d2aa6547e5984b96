/**
 * Where everything of one stick table lies in its SharedArrayBuffer. All threads compute the same layout from the
 * same settings.
 *
 *   ┌──────────────────────────────────────────────────────────────────────────┐ 0
 *   │ header    lock · used · free · fresh · oldest · newest ·                   │ 16 words
 *   │           last update · last update told · somebody waits for updates      │
 *   ├──────────────────────────────────────────────────────────────────────────┤
 *   │ buckets   first entry of each hash chain, 0: none                          │ 2^n words, n >= size
 *   ├──────────────────────────────────────────────────────────────────────────┤
 *   │ held      per data thread: references it holds to each entry               │ size words each
 *   ├──────────────────────────────────────────────────────────────────────────┤
 *   │ updates   only where peers are told: number of the last update of each     │ size words
 *   │           entry, and which entry each of the last updates was about        │ 2^n words, n >= 2 * size
 *   ├──────────────────────────────────────────────────────────────────────────┤
 *   │ entries   1..size, entry 0 is nobody                                       │ `entryWords` each
 *   │                                                                            │
 *   │   0 next in chain, or in the list of free ones   4 references              │
 *   │   1 hash of the key                              5 bytes of the key + 1, 0: free │
 *   │   2 used before it   3 used after it             6 when it expires (double)│
 *   │   8 the key, padded with zeros                                             │
 *   │   … a double for each counter and tag · three for each rate                │
 *   │     (begin of the running period, events in it, events in the one before)  │
 *   │   … server_key: its length in a word, then its bytes                       │
 *   └──────────────────────────────────────────────────────────────────────────┘
 *
 * Words are int32. Pages that nobody touches cost no memory: a table costs what its entries use.
 */
import {
  isRate,
  type StickDataType,
  type StickStore,
  type StickTableSettings,
} from '../../model/stick-table.ts';

export const HEADER = {
  lock: 0,
  used: 1,
  free: 2,
  fresh: 3,
  oldest: 4,
  newest: 5,
  update: 6,
  told: 7,
  waiting: 8,
} as const;
export const ENTRY = { next: 0, hash: 1, older: 2, newer: 3, refs: 4, length: 5, expire: 6, key: 8 } as const;
const HEADER_WORDS = 16;
const RATE_CELLS = 3;

/** Where one stored type is found in an entry. */
export interface StoredAt extends StickStore {
  /** Word, behind the entry's first, where its first element begins. */
  readonly word: number;
  /** Doubles of one element. */
  readonly cells: number;
}

export interface UpdatesLayout {
  /** By entry: the number of its last update, 0: none. */
  readonly numbers: number;
  /** Which entry an update was about, by the last bits of its number. */
  readonly log: number;
  readonly logMask: number;
}

export interface StickTableLayout {
  readonly buckets: number;
  /** Number of buckets - 1. */
  readonly bucketMask: number;
  /** By data thread, from 1. */
  readonly held: readonly number[];
  /** Undefined: nobody is told of updates. */
  readonly updates: UpdatesLayout | undefined;
  readonly entries: number;
  readonly entryWords: number;
  readonly keyWords: number;
  readonly stored: ReadonlyMap<StickDataType, StoredAt>;
  readonly byteLength: number;
}

function even(words: number): number {
  return words + (words & 1);
}

/** Words of one entry, and where its data lie. */
function placeStores(settings: StickTableSettings, first: number): [Map<StickDataType, StoredAt>, number] {
  const stored = new Map<StickDataType, StoredAt>();
  let end = first;
  for (const store of settings.stores) {
    const cells = isRate(store.type) ? RATE_CELLS : 1;
    stored.set(store.type, { ...store, word: end, cells });
    end +=
      store.type === 'server_key'
        ? even(1 + Math.ceil(settings.serverKeyLength / 4))
        : store.count * cells * 2;
  }
  return [stored, end];
}

function placeUpdates(numbers: number, entryWords: number, buckets: number): UpdatesLayout {
  return { numbers, log: numbers + entryWords, logMask: 2 * buckets - 1 };
}

export function computeTableLayout(settings: StickTableSettings, threads: number): StickTableLayout {
  const { size, keyLength } = settings;
  const buckets = 2 ** Math.ceil(Math.log2(Math.max(size, 2)));
  const keyWords = even(Math.ceil(keyLength / 4));
  const [stored, entryWords] = placeStores(settings, ENTRY.key + keyWords);
  const firstHeld = HEADER_WORDS + buckets;
  const heldWords = even(size + 1);
  const held = [0, ...Array.from({ length: threads }, (_, index) => firstHeld + index * heldWords)];
  const firstUpdate = firstHeld + threads * heldWords;
  const updates = settings.exchange === undefined ? undefined : placeUpdates(firstUpdate, heldWords, buckets);
  const entries = even(updates === undefined ? firstUpdate : updates.log + updates.logMask + 1);
  return {
    buckets: HEADER_WORDS,
    bucketMask: buckets - 1,
    held,
    updates,
    entries,
    entryWords,
    keyWords,
    stored,
    byteLength: (entries + (size + 1) * entryWords) * 4,
  };
}
