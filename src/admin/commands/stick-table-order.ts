/**
 * The order in which HAProxy shows the entries of a stick table: by a hash that spreads keys over 64 trees, in each
 * by the bytes of the key. Scripts that compare dumps rely on its being always the same.
 */
import { xxh32, xxh64 } from '../../base/xxhash.ts';
import type { StickTable } from '../../state/stick-table/stick-table.ts';

const TREES = 64;
/** Larger tables are shown as they lie: sorting them would hold up everything else. */
const MOST_SORTED = 20_000;

interface Place {
  readonly entry: number;
  readonly tree: number;
  readonly key: Buffer;
}

/** Entries that are in use now; by the time they are shown some may not be any more. */
export function entriesInOrder(table: StickTable): readonly number[] {
  const entries = usedEntries(table);
  if (entries.length > MOST_SORTED) return entries;
  const seed = Number(BigInt.asUintN(32, xxh64(Buffer.from(table.settings.name, 'latin1'), 0n)));
  const places = entries.map((entry): Place => {
    const key = keyBytes(table, entry);
    return { entry, tree: xxh32(key, seed) % TREES, key };
  });
  places.sort((a, b) => a.tree - b.tree || Buffer.compare(a.key, b.key));
  return places.map(({ entry }) => entry);
}

function usedEntries(table: StickTable): number[] {
  const now = table.now;
  const entries: number[] = [];
  for (let entry = 1; entry <= table.lastEntry; entry++) {
    table.enterEntry();
    const isUsed = table.isUsed(entry, now);
    table.leave();
    if (isUsed) entries.push(entry);
  }
  return entries;
}

/** As it would lie in HAProxy's memory. */
function keyBytes(table: StickTable, entry: number): Buffer {
  const { keyType, keyLength } = table.settings;
  if (keyType === 'string' || keyType === 'binary') return Buffer.from(table.keyText(entry), 'latin1');
  const bytes = Buffer.alloc(keyLength);
  for (let word = 0; word * 4 < keyLength; word++) {
    const value = table.keyWord(entry, word) >>> 0;
    if (keyType === 'integer') bytes.writeUInt32LE(value, word * 4);
    else bytes.writeUInt32BE(value, word * 4);
  }
  return bytes;
}
