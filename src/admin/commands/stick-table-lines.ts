/** Lines of `show table`. */
import { keyOf } from '../../acl/tracking/key-loader.ts';
import { IpAddress } from '../../base/ip-address.ts';
import { Binary } from '../../acl/sample.ts';
import { isArray, isRate } from '../../model/stick-table.ts';
import type { StoredAt } from '../../state/stick-table/layout.ts';
import { shardOf } from '../../peers/shard.ts';
import { COPY, type StickTable } from '../../state/stick-table/stick-table.ts';

export function renderTable(table: StickTable): string {
  const { name, keyType, size } = table.settings;
  return `# table: ${name}, type: ${keyType}, size:${size}, used:${table.used(table.now)}\n`;
}

/** `copy`: a table that holds a copy of the entry, which nobody else knows; `entry`: its number in the real one. */
export function renderEntry(copy: StickTable, entry: number, nowMs: number): string {
  const remaining = Math.max(0, copy.expiresAt(COPY) - nowMs);
  const { expireMs } = copy.settings;
  const head = `0x${entry.toString(16)}: key=${renderKey(copy)}`;
  const life = `use=${copy.references(COPY)} exp=${expireMs === 0 ? 0 : remaining} shard=${shardOf(copy, COPY)}`;
  return `${[head, life, ...renderData(copy, nowMs)].join(' ')}\n`;
}

function renderKey(copy: StickTable): string {
  const key = keyOf(copy, COPY);
  if (key instanceof Binary) return Buffer.from(key.bytes, 'latin1').toString('hex').toUpperCase();
  if (key instanceof IpAddress || typeof key === 'number') return key.toString();
  return escaped(copy.keyText(COPY));
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\x1b': '\\e',
  '\\': '\\\\',
  ' ': '\\ ',
  '=': '\\=',
};

function escaped(text: string): string {
  return text.replace(
    /[^!-<>-[\]-~]/g,
    char => ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

function* renderData(copy: StickTable, nowMs: number): Generator<string> {
  for (const place of copy.places)
    for (let index = 0; index < place.count; index++)
      yield `${nameOf(place, index)}=${renderValue(copy, place, index, nowMs)}`;
}

/** `gpc3_rate(1000)`: the index stands before the first underscore. */
function nameOf({ type, periodMs }: StoredAt, index: number): string {
  const name = isArray(type) ? type.replace(/^[a-z]+/, word => `${word}${index}`) : type;
  return periodMs === 0 ? name : `${name}(${periodMs})`;
}

function renderValue(copy: StickTable, place: StoredAt, index: number, nowMs: number): string {
  if (place.type === 'server_key') return copy.text(COPY, place) || '-';
  const value = isRate(place.type) ? copy.rate(COPY, place, index, nowMs) : copy.number(COPY, place, index);
  return String(value);
}
