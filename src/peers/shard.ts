/** Which part of a table an entry belongs to (manual, `shards`): all nodes come to the same answer. */
import { xxh64 } from '../base/xxhash.ts';
import type { StickTable } from '../state/stick-table/stick-table.ts';

const key = Buffer.alloc(65_536);

/** From 1 on; 0: the table has no parts. */
export function shardOf(table: StickTable, entry: number): number {
  const shards = table.settings.exchange?.shards ?? 0;
  if (shards === 0) return 0;
  const seed = xxh64(Buffer.from(table.settings.name, 'latin1'), 0n);
  return Number(xxh64(keyOf(table, entry), seed) % BigInt(shards)) + 1;
}

/** As it lies in HAProxy's memory: addresses in network order, integers in that of the machine. */
function keyOf(table: StickTable, entry: number): Buffer {
  const { keyType, keyLength } = table.settings;
  if (keyType === 'string' || keyType === 'binary') {
    const target = keyLength > key.length ? Buffer.alloc(keyLength) : key;
    return target.subarray(0, table.copyKey(entry, target, 0));
  }
  for (let at = 0; at < keyLength; at += 4) {
    if (keyType === 'integer') key.writeInt32LE(table.keyWord(entry, at / 4), at);
    else key.writeInt32BE(table.keyWord(entry, at / 4), at);
  }
  return key.subarray(0, keyLength);
}
