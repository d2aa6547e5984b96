/** Stick tables: shown, changed and cleared (management manual, `show table`, `set table`, `clear table`). */
import { keyLoader } from '../../acl/tracking/key-loader.ts';
import { parseIp } from '../../base/ip-address.ts';
import type { StickTable } from '../../state/stick-table/stick-table.ts';
import type { StickTables } from '../../state/stick-table/stick-tables.ts';
import { dump, fail, type Answer, type Call, type Command } from '../command.ts';
import type { Found } from '../find.ts';
import { isRate } from '../../model/stick-table.ts';
import { emptyCopyOf, takeCopy } from './stick-table-copies.ts';
import { elementNamed, matches, readElement, readFilters, type Filter } from './stick-table-filters.ts';
import { entriesInOrder } from './stick-table-order.ts';
import { renderEntry, renderTable } from './stick-table-lines.ts';

type Verb = 'show' | 'set' | 'clear';

const USAGE: Readonly<Record<Verb, string>> = {
  show: 'Optional argument only supports "data.<store_data_type>" <operator> <value> or key <key> or ptr <ptr>',
  clear:
    'Required arguments: <table> "data.<store_data_type>" <operator> <value> or <table> key <key> or <table> ptr <ptr>',
  set: 'Required arguments: <table> key <key> [data.<store_data_type> <value>]* or <table> ptr <ptr> [data.<store_data_type> <value>]*',
};

const OF_KEYS: Readonly<Record<Verb, string>> = {
  show: 'Showing keys from',
  clear: 'Removing keys from',
  set: 'Inserting keys into',
};

/** Entries looked at before others may go on. */
const AT_ONCE = 256;

function run(verb: Verb): Command['run'] {
  return call => {
    const { args, runtime, session } = call;
    const { tables } = runtime.state;
    if (args.at(2) === '') return verb === 'show' ? dump(overview(tables)) : fail(USAGE[verb]);
    const table = tables.find(args.at(2));
    if (table === undefined) return fail('No such table');
    const how = args.at(3);
    if (how === 'key' || how === 'ptr') return oneEntry(verb, table, call);
    if (how.startsWith('data.')) {
      if (verb === 'set')
        return fail('content-based lookup is only supported with the "show" and "clear" actions');
      const filters = readFilters(args, table);
      if (typeof filters === 'string') return fail(filters);
      return verb === 'show' ? dump(entries(table, filters)) : clear(table, filters);
    }
    if (how !== '' || verb === 'set') return fail(USAGE[verb]);
    if (verb === 'clear') return clear(table, []);
    return dump(session.level === 'user' ? withoutContents(table) : entries(table, []));
  };
}

function* overview(tables: StickTables): Generator<string> {
  for (const table of [...tables.all].reverse()) yield renderTable(table);
}

function* withoutContents(table: StickTable): Generator<string> {
  yield `${renderTable(table)}# contents not dumped due to insufficient privileges\n`;
}

function* entries(table: StickTable, filters: readonly Filter[]): Generator<string> {
  yield renderTable(table);
  const copy = emptyCopyOf(table);
  for (const entry of entriesInOrder(table))
    if (takeCopy(table, entry, copy, filters)) yield renderEntry(copy, entry, table.now);
}

/** Entries that are tracked stay. */
async function clear(table: StickTable, filters: readonly Filter[]): Promise<Answer> {
  const last = table.lastEntry;
  for (let entry = 1; entry <= last; entry++) {
    const now = table.now;
    table.enterEntry();
    if (table.isUsed(entry, now) && matches(table, entry, filters, now)) table.remove(entry);
    table.leave();
    if (entry % AT_ONCE === 0) await new Promise(setImmediate);
  }
  return undefined;
}

// ── one entry, by its key or by what `show table` calls it ──

function oneEntry(verb: Verb, table: StickTable, call: Call): Answer {
  const { args, session } = call;
  const found = args.at(3) === 'key' ? byKey(verb, table, args.at(4)) : byReference(table, args.at(4));
  if ('wrong' in found) return found.wrong;
  if (table.settings.keyType === 'binary')
    return fail(`${OF_KEYS[verb]} tables of type other than ip, ipv6, string and integer is not supported`);
  if (session.level === 'user') return fail('Permission denied');
  if (verb === 'show') return found.found === 0 ? undefined : dump(entryAlone(table, found.found));
  if (verb === 'set') return change(table, found.found, call);
  table.enterEntry();
  const isRemoved = found.found === 0 || !table.isUsed(found.found, table.now) || table.remove(found.found);
  table.leave();
  return isRemoved ? undefined : fail('Entry currently in use, cannot remove');
}

/** 0: there is no such entry. */
function byKey(verb: Verb, table: StickTable, text: string): Found<number> {
  if (text === '') return { wrong: fail('Key value expected') };
  if (!loadKey(table, text)) return { wrong: fail('Invalid key') };
  const entry = verb === 'set' ? table.enterNew(table.now) : table.enter(table.now);
  table.leave();
  if (entry === 0 && verb === 'set') return { wrong: fail('Unable to allocate a new entry') };
  return { found: entry };
}

function loadKey(table: StickTable, text: string): boolean {
  const { keyType } = table.settings;
  if (keyType !== 'ip' && keyType !== 'ipv6') return keyLoader('str', table)?.(text) === true;
  const ip = parseIp(text);
  return ip !== undefined && keyLoader('addr', table)?.(ip) === true;
}

function byReference(table: StickTable, text: string): Found<number> {
  if (!text.startsWith('0x')) return { wrong: fail('Pointer expected (0xffff notation)') };
  if (!/^0x[0-9a-f]+$/i.test(text)) return { wrong: fail('Malformed ptr.') };
  const entry = Number(text);
  table.enterEntry();
  const isUsed = table.isUsed(entry, table.now);
  table.leave();
  return isUsed ? { found: entry } : { wrong: fail('No entry can be found matching ptr.') };
}

function* entryAlone(table: StickTable, entry: number): Generator<string> {
  const copy = emptyCopyOf(table);
  if (takeCopy(table, entry, copy, [])) yield renderTable(table) + renderEntry(copy, entry, table.now);
}

/** `data.<type> <value>`, as many as there are; those before a mistake stay. */
function change(table: StickTable, entry: number, { args }: Call): Answer {
  let wrong: string | undefined;
  for (let at = 5; args.at(at) !== '' && wrong === undefined; at += 2)
    wrong = setData(table, entry, args.at(at), args.at(at + 1));
  table.enterEntry();
  table.touch(entry, table.now);
  table.leave();
  return wrong === undefined ? undefined : fail(wrong);
}

function setData(table: StickTable, entry: number, name: string, text: string): string | undefined {
  if (!name.startsWith('data.')) return '"data.<type>" followed by a value expected';
  const element = elementNamed(name, table);
  if (element === undefined) return 'Unknown data type';
  if (element.place === undefined) return 'Data type not stored in this table';
  if (!/^[+-]?\d+$/.test(text)) return 'Require a valid integer value to store';
  const found = readElement(element);
  if (found === undefined) return 'index out of range in this data array';
  const { place, index } = found;
  const isWide = place.type === 'bytes_in_cnt' || place.type === 'bytes_out_cnt';
  const value = isWide ? Math.max(0, Number(text)) : Number(text) >>> 0;
  table.enterEntry();
  if (isRate(place.type)) table.setRate(entry, place, index, value, table.now);
  else if (place.type !== 'server_key') table.setNumber(entry, place, index, value);
  table.leave();
  return undefined;
}

export const STICK_TABLE_COMMANDS: readonly Command[] = [
  {
    words: 'show table',
    args: '[<table> [<filter>]*]',
    summary: 'stick tables, or entries of one (filter: data/key/ptr)',
    level: 'user',
    run: run('show'),
  },
  {
    words: 'clear table',
    args: '<table> [<filter>]*',
    summary: 'removes entries of a stick table (filter: data/key/ptr)',
    level: 'operator',
    run: run('clear'),
  },
  {
    words: 'set table',
    args: '<table> key <k> [data.* <v>]*',
    summary: 'changes or makes an entry of a stick table',
    level: 'operator',
    run: run('set'),
  },
];
