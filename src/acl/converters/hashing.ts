/** Hash converters (manual, section 7.3.1). Their bits agree with HAProxy's, so that placements agree. */
import { avalanche, hashCrc32, hashDjb2, hashSdbm, hashWt6 } from '../../base/hash.ts';
import type { HashFunction } from '../../base/hash.ts';
import { crc32c } from '../../base/crc32c.ts';
import { xxh3 } from '../../base/xxh3.ts';
import { xxh32, xxh64 } from '../../base/xxhash.ts';
import { normalInt } from '../integer.ts';
import type { ConverterRow } from '../row.ts';

const whole =
  (hash: HashFunction) =>
  (bytes: string): number =>
    hash(bytes, 0, bytes.length);

function spread(name: string, hash: (bytes: string) => number): ConverterRow {
  return {
    name,
    args: ['avalanche:int?'],
    in: 'bin',
    out: 'int',
    summary: `${name.toUpperCase()} hash, 32 bits; avalanche: all bits spread`,
    compile: args => {
      if (Number(args[0]?.int ?? 0) === 0) return (bytes: string) => hash(bytes);
      return (bytes: string) => avalanche(hash(bytes));
    },
  };
}

const toBytes = (bytes: string): Buffer => Buffer.from(bytes, 'latin1');

function seeded(name: string, summary: string, hash: (bytes: Buffer, seed: bigint) => bigint): ConverterRow {
  return {
    name,
    args: ['seed:int?'],
    in: 'bin',
    out: 'int',
    summary,
    compile: args => {
      const seed = BigInt.asUintN(64, BigInt(args[0]?.int ?? 0));
      return (bytes: string) => normalInt(BigInt.asIntN(64, hash(toBytes(bytes), seed)));
    },
  };
}

export const HASH_CONVERTERS: readonly ConverterRow[] = [
  spread('crc32', whole(hashCrc32)),
  spread('crc32c', crc32c),
  spread('djb2', whole(hashDjb2)),
  spread('sdbm', whole(hashSdbm)),
  spread('wt6', whole(hashWt6)),
  {
    name: 'xxh32',
    args: ['seed:int?'],
    in: 'bin',
    out: 'int',
    summary: 'XXH32 hash',
    compile: args => {
      const seed = Number(BigInt.asUintN(32, BigInt(args[0]?.int ?? 0)));
      return (bytes: string) => xxh32(toBytes(bytes), seed);
    },
  },
  seeded('xxh64', 'XXH64 hash, as a signed number', xxh64),
  seeded('xxh3', 'XXH3 hash of 64 bits, as a signed number', xxh3),
];
