/**
 * Updates: one entry of a stick table each, its key and everything stored with it (peers.txt, "Entry update message
 * format"). Reading changes nothing: what was read is applied when all of it was found good.
 */
import { isRate, type StickStore } from '../model/stick-table.ts';
import type { StickTable } from '../state/stick-table/stick-table.ts';
import type { StoredAt } from '../state/stick-table/layout.ts';
import type { HeardNames, SentNames } from './dictionary.ts';
import { LONGEST_VARINT, writeVarint, type WireReader } from './varint.ts';
import { DICTIONARY_SIZE, TABLE } from './wire.ts';

/** Numbers of a rate: its age, events of the running period, events of the one before. */
const RATE_NUMBERS = 3;
const MOST_AGE_MS = 0x7fffffff;
const NAME_ROOM = 3 * LONGEST_VARINT;

function numbersOf({ type, count }: StickStore): number {
  return isRate(type) ? count * RATE_NUMBERS : count;
}

/** Enough for every update of a table. */
export function updateRoom({ settings }: StickTable): number {
  const { stores, keyLength, serverKeyLength } = settings;
  const numbers = stores.reduce((sum, store) => sum + numbersOf(store), 0);
  return 8 + keyLength + (numbers + 1) * LONGEST_VARINT + serverKeyLength + NAME_ROOM;
}

// ── telling ──

/** The key and the data of an entry; where they end. */
export function writeEntry(
  target: Buffer,
  start: number,
  table: StickTable,
  entry: number,
  names: SentNames,
  nowMs: number,
): number {
  let at = writeKey(target, start, table, entry);
  for (const place of table.places) {
    if (place.type === 'server_key') at = writeName(target, at, table.text(entry, place), names);
    else if (isRate(place.type)) at = writeRates(target, at, table, entry, place, nowMs);
    else
      for (let index = 0; index < place.count; index++)
        at = writeVarint(target, at, Math.max(0, table.number(entry, place, index)));
  }
  return at;
}

function writeKey(target: Buffer, start: number, table: StickTable, entry: number): number {
  const { keyType, keyLength } = table.settings;
  if (keyType === 'string')
    return table.copyKey(entry, target, writeVarint(target, start, table.keyBytes(entry)));
  if (keyType === 'binary') return table.copyKey(entry, target, start);
  for (let at = 0; at < keyLength; at += 4) target.writeInt32BE(table.keyWord(entry, at / 4), start + at);
  return start + keyLength;
}

function writeRates(
  target: Buffer,
  start: number,
  table: StickTable,
  entry: number,
  place: StoredAt,
  nowMs: number,
): number {
  let at = start;
  for (let index = 0; index < place.count; index++) {
    const current = table.cell(entry, place, index, 1);
    const previous = table.cell(entry, place, index, 2);
    const isEmpty = current === 0 && previous === 0;
    const age = isEmpty ? 0 : Math.min(Math.max(0, nowMs - table.cell(entry, place, index, 0)), MOST_AGE_MS);
    at = writeVarint(target, at, Math.floor(age));
    at = writeVarint(target, at, current);
    at = writeVarint(target, at, previous);
  }
  return at;
}

/** 0: none. Else its length, its number, and where the number is new the name itself. */
function writeName(target: Buffer, start: number, name: string, names: SentNames): number {
  if (name === '') return writeVarint(target, start, 0);
  const number = names.numberOf(name);
  if (number > 0) return writeVarint(target, writeVarint(target, start, 1), number);
  const length = 1 + lengthOf(name.length) + name.length;
  let at = writeVarint(target, writeVarint(target, start, length), -number);
  at = writeVarint(target, at, name.length);
  return at + target.write(name, at, 'latin1');
}

/** Of an encoded integer below 2288. */
function lengthOf(value: number): number {
  return value < 0xf0 ? 1 : 2;
}

// ── hearing ──

/** What an update said; used again for the next one. */
export class HeardUpdate {
  /** Undefined: one more than that of the update before. */
  number: number | undefined;
  /** Undefined: as long as the table has it. */
  lifeMs: number | undefined;
  keyAt = 0;
  keyLength = 0;
  /** All numbers, in the order of the sender's types. */
  numbers = new Float64Array(64);
  /** `server_key`; undefined: nothing was said of it. */
  name: string | undefined;
}

/** How the sender's table looks. */
export interface SenderTable {
  readonly stores: readonly StickStore[];
  /** Bytes of a key that is no text; undefined: it is one. */
  readonly keyLength: number | undefined;
}

/** False: malformed. */
export function readUpdate(
  type: number,
  body: WireReader,
  table: SenderTable,
  names: HeardNames,
  into: HeardUpdate,
): boolean {
  const isNumbered = type === TABLE.update || type === TABLE.timedUpdate;
  const isTimed = type === TABLE.timedUpdate || type === TABLE.incrementalTimedUpdate;
  into.number = isNumbered ? body.uint32() : undefined;
  into.lifeMs = isTimed ? body.uint32() : undefined;
  into.keyLength = table.keyLength ?? body.varint();
  into.keyAt = body.skip(into.keyLength);
  into.name = undefined;
  if (body.failed) return false;
  return readData(body, table.stores, names, into);
}

function readData(
  body: WireReader,
  stores: readonly StickStore[],
  names: HeardNames,
  into: HeardUpdate,
): boolean {
  let count = 0;
  for (const store of stores) {
    if (store.type === 'server_key') {
      if (!readName(body, names, into)) return false;
      continue;
    }
    const numbers = numbersOf(store);
    if (count + numbers > into.numbers.length) into.numbers = grown(into.numbers, count + numbers);
    for (let index = 0; index < numbers; index++) into.numbers[count++] = body.varint();
    if (body.failed) return false;
  }
  return !body.failed;
}

function grown(numbers: Float64Array, least: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(least, numbers.length * 2));
  larger.set(numbers);
  return larger;
}

function readName(body: WireReader, names: HeardNames, into: HeardUpdate): boolean {
  const length = body.varint();
  if (body.failed || length > body.left) return false;
  if (length === 0) return true;
  const end = body.at + length;
  const number = body.varint();
  if (body.failed || number < 1 || number > DICTIONARY_SIZE || body.at > end) return false;
  if (body.at < end) {
    const size = body.varint();
    if (body.failed || body.at + size > end) return false;
    names.set(number, body.latin1(size));
    body.at = end;
  }
  into.name = names.get(number);
  return true;
}

// ── learning ──

/** What of the sender's numbers goes where in a table of this process. */
interface Lesson {
  readonly place: StoredAt;
  /** Of its first number. */
  readonly from: number;
  readonly count: number;
}

export interface Lessons {
  readonly table: StickTable;
  readonly numbers: readonly Lesson[];
  readonly rates: readonly Lesson[];
  readonly name: StoredAt | undefined;
}

/** What can be taken over as it is where something is counted besides (`write-to`). */
const AS_IS: ReadonlySet<string> = new Set(['server_id', 'gpt0', 'gpt', 'server_key']);

/** `copying`: for a table named by `write-to`. */
export function planLessons(stores: readonly StickStore[], table: StickTable, copying: boolean): Lessons {
  const learnsCurrent = table.settings.exchange?.receiveOnly === true;
  const numbers: Lesson[] = [];
  const rates: Lesson[] = [];
  let from = 0;
  let name: StoredAt | undefined;
  for (const store of stores) {
    const place = table.place(store.type);
    const isWanted = copying ? AS_IS.has(store.type) : store.type !== 'conn_cur' || learnsCurrent;
    if (place !== undefined && isWanted) {
      const lesson = { place, from, count: Math.min(store.count, place.count) };
      if (store.type === 'server_key') name = place;
      else (isRate(store.type) ? rates : numbers).push(lesson);
    }
    if (store.type !== 'server_key') from += numbersOf(store);
  }
  return { table, numbers, rates, name };
}

/** Under the lock. */
export function learnData(
  { table, numbers, rates, name }: Lessons,
  entry: number,
  heard: HeardUpdate,
  nowMs: number,
): void {
  for (const { place, from, count } of numbers)
    for (let index = 0; index < count; index++)
      table.setNumber(entry, place, index, kept(place, heard.numbers[from + index] as number));
  for (const { place, from, count } of rates)
    for (let index = 0; index < count; index++)
      learnRate(table, entry, place, index, heard.numbers, from + index * RATE_NUMBERS, nowMs);
  if (name !== undefined && heard.name !== undefined) table.setText(entry, name, heard.name);
}

function learnRate(
  table: StickTable,
  entry: number,
  place: StoredAt,
  index: number,
  numbers: Float64Array,
  from: number,
  nowMs: number,
): void {
  table.setCell(entry, place, index, 0, nowMs - Math.min(numbers[from] as number, MOST_AGE_MS));
  table.setCell(entry, place, index, 1, (numbers[from + 1] as number) % 2 ** 32);
  table.setCell(entry, place, index, 2, (numbers[from + 2] as number) % 2 ** 32);
}

/** Counters have 32 bits, but those of bytes. */
function kept({ type }: StoredAt, value: number): number {
  if (type === 'bytes_in_cnt' || type === 'bytes_out_cnt') return value;
  return type === 'server_id' ? (value % 2 ** 32) | 0 : value % 2 ** 32;
}

/** Loads the key that was heard of. */
export function loadKey(table: StickTable, bytes: Buffer, { keyAt, keyLength }: HeardUpdate): void {
  const { key, settings } = table;
  if (settings.keyType === 'string') key.loadText(bytes.toString('latin1', keyAt, keyAt + keyLength));
  else if (settings.keyType === 'binary') key.loadBinary(bytes.toString('latin1', keyAt, keyAt + keyLength));
  else key.loadNetworkWords(bytes, keyAt);
}
