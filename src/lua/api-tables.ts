/** Stick tables for scripts: their settings, one entry, all entries (HAProxy's Lua API: StickTable class). */
import { keyLoader, keyOf } from '../acl/tracking/key-loader.ts';
import { Binary } from '../acl/sample.ts';
import { IpAddress } from '../base/ip-address.ts';
import { Words } from '../admin/command.ts';
import { emptyCopyOf, takeCopy } from '../admin/commands/stick-table-copies.ts';
import { readFilters, type Filter } from '../admin/commands/stick-table-filters.ts';
import { isRate } from '../model/stick-table.ts';
import type { StoredAt } from '../state/stick-table/layout.ts';
import { COPY, type StickTable } from '../state/stick-table/stick-table.ts';
import type { LuaCallback } from './machine/machine.ts';
import type { LuaValue } from './machine/stack.ts';
import { ScriptError } from './machine/script-errors.ts';
import type { LuaState } from './state.ts';

type Functions = Record<string, LuaCallback>;

export function tableFunctions(state: LuaState): Functions {
  const { machine } = state;
  return {
    // name of a proxy
    has_table: L => {
      machine.push(L, state.host.view?.state.tables.find(machine.text(L, 1)) !== undefined);
      return 1;
    },
    table_info: L => {
      pushInfo(state, L, tableAt(state, L));
      return 1;
    },
    // name, key: a table or nil
    table_lookup: L => {
      const table = tableAt(state, L);
      const text = machine.text(L, 2);
      const copy = keyLoader('str', table)?.(text) === true ? copyOfLoaded(table) : undefined;
      if (copy === undefined) machine.push(L, undefined);
      else pushEntry(state, L, copy);
      return 1;
    },
    // name, filter: entries by key
    table_dump: L => {
      const table = tableAt(state, L);
      const filters = filtersAt(state, L, table);
      if (typeof filters === 'string') {
        machine.push(L, undefined);
        machine.pushText(L, filters);
        return 2;
      }
      machine.newTable(L);
      const copy = emptyCopyOf(table);
      for (let entry = 1, last = table.lastEntry; entry <= last; entry++) {
        if (!takeCopy(table, entry, copy, filters)) continue;
        machine.push(L, keyValue(copy));
        pushEntry(state, L, copy);
        machine.exports.lua_rawset(L, -3);
      }
      return 1;
    },
  };
}

function tableAt({ host, machine }: LuaState, L: number): StickTable {
  const name = machine.text(L, 1);
  const table = host.view?.state.tables.find(name);
  if (table === undefined) throw new ScriptError(`there is no stick table '${name}'`);
  return table;
}

function pushInfo({ machine }: LuaState, L: number, table: StickTable): void {
  const { expireMs, size, keyType, keyLength, nopurge, stores } = table.settings;
  machine.newTable(L);
  machine.setField(L, 'type', keyType);
  // of texts with the zero behind them, as in HAProxy
  machine.setField(L, 'length', keyType === 'string' ? keyLength + 1 : keyLength);
  machine.setField(L, 'size', size);
  machine.setField(L, 'used', table.used(table.now));
  machine.setField(L, 'nopurge', nopurge);
  machine.setField(L, 'expire', expireMs);
  machine.newTable(L, stores.length);
  for (const { type, periodMs } of stores) machine.setField(L, type, periodMs === 0 ? -1 : periodMs);
  machine.setTopField(L, 'data');
}

/** Of the entry whose key is loaded; undefined: there is none. */
function copyOfLoaded(table: StickTable): StickTable | undefined {
  const copy = emptyCopyOf(table);
  const entry = table.enter(table.now);
  if (entry !== 0) table.copyTo(copy, entry);
  table.leave();
  return entry === 0 ? undefined : copy;
}

function keyValue(copy: StickTable): LuaValue {
  const key = keyOf(copy, COPY);
  if (key instanceof IpAddress) return key.toString();
  if (key instanceof Binary) return key.bytes;
  return typeof key === 'number' || typeof key === 'string' ? key : undefined;
}

function pushEntry({ machine }: LuaState, L: number, copy: StickTable): void {
  const { now } = copy;
  machine.newTable(L);
  machine.setField(L, 'use', copy.references(COPY));
  machine.setField(L, 'expire', copy.settings.expireMs === 0 ? 0 : Math.max(0, copy.expiresAt(COPY) - now));
  for (const place of copy.places) machine.setField(L, place.type, dataOf(copy, place, now));
}

/** Of arrays the first element. */
function dataOf(copy: StickTable, place: StoredAt, nowMs: number): string | number {
  if (place.type === 'server_key') return copy.text(COPY, place) || '-';
  return isRate(place.type) ? copy.rate(COPY, place, 0, nowMs) : copy.number(COPY, place, 0);
}

// ── filters: { { <type>, <operator>, <number> }, ... } ──

/** As `show table` reads them, behind three words. */
const WORDS_BEFORE = ['', '', ''];

/** A text: what is wrong with them. */
function filtersAt(state: LuaState, L: number, table: StickTable): readonly Filter[] | string {
  const { machine } = state;
  if (machine.isAbsent(L, 2)) return [];
  if (!machine.isTable(L, 2)) throw new ScriptError('bad argument #1 to dump: a table expected');
  const words: string[] = [...WORDS_BEFORE];
  machine.eachOf(L, 2, () => words.push(...filterWords(state, L)));
  return readFilters(new Words(words), table);
}

/** Of the table on top. */
function filterWords({ machine }: LuaState, L: number): readonly string[] {
  if (!machine.isTable(L, -1))
    throw new ScriptError('a filter entry is a table of type, operator and number');
  const words: string[] = [];
  const table = machine.top(L);
  for (let index = 1; index <= 3; index++) {
    machine.exports.lua_rawgeti(L, table, BigInt(index));
    words.push(machine.optionalText(L, -1) ?? '');
    machine.pop(L, 1);
  }
  return [`data.${words[0]}`, words[1] ?? '', words[2] ?? ''];
}
