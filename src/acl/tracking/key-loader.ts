/** From samples to the keys of a stick table and back: the implicit casts of the language, then the table's own form. */
import { IpAddress } from '../../base/ip-address.ts';
import type { StickTable } from '../../state/stick-table/stick-table.ts';
import { castBetween } from '../cast.ts';
import { lowWord } from '../integer.ts';
import { Binary, type Int, type Sample, type SampleType, type Value } from '../sample.ts';

const KEY_TYPES = { ip: 'ipv4', ipv6: 'ipv6', integer: 'int', string: 'str', binary: 'bin' } as const;

/** Makes a value the table's current key; false: it is not one of its kind. */
export type LoadKey = (value: Value) => boolean;

/** Undefined: samples of that type are never keys of that table. */
export function keyLoader(from: SampleType, table: StickTable): LoadKey | undefined {
  const cast = castBetween(from, KEY_TYPES[table.settings.keyType]);
  if (cast === undefined) return undefined;
  const load = LOADERS[table.settings.keyType];
  return value => {
    const key = cast(value);
    if (key === undefined) return false;
    load(table, key);
    return true;
  };
}

const LOADERS = {
  ip: (table: StickTable, value: Value): void => table.key.loadIpv4(value as IpAddress),
  ipv6: (table: StickTable, value: Value): void => table.key.loadIpv6(value as IpAddress),
  integer: (table: StickTable, value: Value): void => table.key.loadInteger(lowWord(value as Int)),
  string: (table: StickTable, value: Value): void => table.key.loadText(value as string),
  binary: (table: StickTable, value: Value): void => table.key.loadBinary(value as string),
} as const;

/** The key of an entry that is tracked. */
export function keyOf(table: StickTable, entry: number): Sample {
  const word = (index: number): number => table.keyWord(entry, index) >>> 0;
  switch (table.settings.keyType) {
    case 'ip':
      return IpAddress.v4(word(0));
    case 'ipv6':
      return new IpAddress(6, word(0), word(1), word(2), word(3));
    case 'integer':
      return word(0);
    case 'string':
      return table.keyText(entry);
    case 'binary':
      return new Binary(table.keyText(entry));
  }
}
