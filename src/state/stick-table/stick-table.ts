/**
 * One stick table as one thread sees it: keys and what is counted for them, in memory that all threads share
 * (layout.ts). Every change is made under the table's lock, so that no count is lost and all threads agree.
 *
 *   table.key.loadIpv4(ip)
 *   const entry = table.enter(now)          takes the lock, finds the key; 0: there is none
 *   ... table.add(entry, place, 0, 1) ...   between enter and leave: short, no allocation
 *   table.leave()
 *
 * An entry that is tracked holds references: it neither expires nor makes room. All others are taken away when
 * they expire, or, oldest use first, when a full table needs room (`nopurge`: then new keys are refused).
 */
import type { StickDataType, StickTableSettings } from '../../model/stick-table.ts';
import { EntryIndex } from './entry-index.ts';
import { countEvents, readRate, setRate } from './frequency.ts';
import { StickKey } from './key.ts';
import { ENTRY, HEADER, type StickTableLayout, type StoredAt } from './layout.ts';
import { TableLock } from './lock.ts';
import { UpdateLog } from './update-log.ts';

/** What happens to those that are tracked. */
export type TrackedEvent = keyof typeof TRACKED;

const TRACKED = {
  request: ['http_req_cnt', 'http_req_rate'],
  error: ['http_err_cnt', 'http_err_rate'],
  failure: ['http_fail_cnt', 'http_fail_rate'],
  session: ['sess_cnt', 'sess_rate'],
  uploaded: ['bytes_in_cnt', 'bytes_in_rate'],
  downloaded: ['bytes_out_cnt', 'bytes_out_rate'],
  glitch: ['glitch_cnt', 'glitch_rate'],
} as const;

/** Who looks at the table. */
interface TableView {
  readonly thread: number;
  readonly seed: number;
  /** Whole milliseconds. */
  readonly now: () => number;
}

/** Where `copyTo` puts an entry. */
export const COPY = 1;

type Places = readonly [total: StoredAt | undefined, rate: StoredAt | undefined];

export class StickTable {
  readonly settings: StickTableSettings;
  /** What is looked up. */
  readonly key: StickKey;
  /** Under the lock: what peers are told of; undefined: there are none. */
  readonly updates: UpdateLog | undefined;
  /** `conn_cnt` and the like, for what happens often; undefined: not stored. */
  readonly #connCur: StoredAt | undefined;
  readonly #connCnt: StoredAt | undefined;
  readonly #connRate: StoredAt | undefined;
  readonly #now: () => number;
  readonly #tracked: Readonly<Record<TrackedEvent, Places>>;
  readonly #layout: StickTableLayout;
  readonly #words: Int32Array;
  readonly #cells: Float64Array;
  readonly #bytes: Uint8Array;
  readonly #held: number;
  readonly #lock: TableLock;
  readonly #index: EntryIndex;

  constructor(
    settings: StickTableSettings,
    layout: StickTableLayout,
    buffer: SharedArrayBuffer,
    { thread, seed, now }: TableView,
  ) {
    this.settings = settings;
    this.#now = now;
    this.#layout = layout;
    this.#words = new Int32Array(buffer);
    this.#cells = new Float64Array(buffer);
    this.#bytes = new Uint8Array(buffer);
    this.#held = layout.held[thread] ?? 0;
    this.key = new StickKey(settings.keyLength, seed);
    this.updates = layout.updates && new UpdateLog(this.#words, layout.updates);
    this.#index = new EntryIndex(settings, layout, this.#words, this.#cells, this.key, this.updates);
    this.#lock = new TableLock(this.#words, HEADER.lock, thread, () => this.#index.rebuild());
    this.#connCur = layout.stored.get('conn_cur');
    this.#connCnt = layout.stored.get('conn_cnt');
    this.#connRate = layout.stored.get('conn_rate');
    const places = ([total, rate]: readonly StickDataType[]): Places => [
      layout.stored.get(total as StickDataType),
      layout.stored.get(rate as StickDataType),
    ];
    this.#tracked = {
      request: places(TRACKED.request),
      error: places(TRACKED.error),
      failure: places(TRACKED.failure),
      session: places(TRACKED.session),
      uploaded: places(TRACKED.uploaded),
      downloaded: places(TRACKED.downloaded),
      glitch: places(TRACKED.glitch),
    };
  }

  /** Whole milliseconds, the same in all threads. */
  get now(): number {
    return this.#now();
  }

  /** Where a type is stored; undefined: it is not. */
  place(type: StickDataType): StoredAt | undefined {
    return this.#layout.stored.get(type);
  }

  get places(): Iterable<StoredAt> {
    return this.#layout.stored.values();
  }

  // ── one key at a time ──

  /** Takes the lock and finds the loaded key; 0: it has no entry. */
  enter(nowMs: number): number {
    this.#lock.take();
    return this.#index.find(nowMs);
  }

  /** As `enter`, but makes an entry; 0: there is no room. */
  enterNew(nowMs: number): number {
    this.#lock.take();
    const found = this.#index.find(nowMs);
    if (found === 0) return this.#index.create(nowMs);
    return found;
  }

  /** Takes the lock for an entry that is tracked, or known from a walk through the table. */
  enterEntry(): void {
    this.#lock.take();
  }

  leave(): void {
    this.#lock.release();
  }

  /** It was used: its time begins anew. */
  touch(entry: number, nowMs: number): void {
    this.#index.touch(entry, nowMs);
  }

  /** A peer told of it, and that it has so long to live: nobody else is told. */
  learn(entry: number, lifeMs: number, nowMs: number): void {
    this.#index.learn(entry, lifeMs, nowMs);
  }

  // ── tracking ──

  /** Finds or makes the entry of the loaded key and holds on to it: one connection more. 0: there is no room. */
  track(event: TrackedEvent | undefined, nowMs: number): number {
    const entry = this.enterNew(nowMs);
    if (entry !== 0) {
      this.#hold(entry, 1);
      if (this.#connCur !== undefined) this.add(entry, this.#connCur, 0, 1);
      if (this.#connCnt !== undefined) this.add(entry, this.#connCnt, 0, 1);
      if (this.#connRate !== undefined) this.count(entry, this.#connRate, 0, 1, nowMs);
      if (event !== undefined) this.#countEvent(entry, this.#tracked[event], 1, nowMs);
      this.#index.touch(entry, nowMs);
    }
    this.#lock.release();
    return entry;
  }

  /** One connection less. */
  untrack(entry: number, nowMs: number): void {
    this.#lock.take();
    this.#hold(entry, -1);
    if (this.#connCur !== undefined) {
      if (this.number(entry, this.#connCur, 0) > 0) this.add(entry, this.#connCur, 0, -1);
      this.#index.touch(entry, nowMs);
    } else if (this.#index.isOver(entry, nowMs)) this.#index.remove(entry);
    this.#lock.release();
  }

  #hold(entry: number, change: number): void {
    const words = this.#words;
    const refs = this.#at(entry) + ENTRY.refs;
    words[refs] = (words[refs] as number) + change;
    if (this.#held !== 0) words[this.#held + entry] = (words[this.#held + entry] as number) + change;
  }

  /** Counts for a tracked entry, in whatever is stored of it. */
  countTracked(entry: number, event: TrackedEvent, amount: number, nowMs: number): void {
    const places = this.#tracked[event];
    if (places[0] === undefined && places[1] === undefined) return;
    this.#lock.take();
    this.#countEvent(entry, places, amount, nowMs);
    this.#index.touch(entry, nowMs);
    this.#lock.release();
  }

  #countEvent(entry: number, places: Places, amount: number, nowMs: number): void {
    const [total, rate] = places;
    if (total !== undefined) this.add(entry, total, 0, amount);
    if (rate !== undefined) this.count(entry, rate, 0, this.#rateAmount(rate.type, amount), nowMs);
  }

  /** `brates-factor`: rates of bytes are counted in blocks. */
  #rateAmount(type: StickDataType, amount: number): number {
    const { bratesFactor } = this.settings;
    return bratesFactor === 1 || !isByteRate(type) ? amount : Math.ceil(amount / bratesFactor);
  }

  // ── what an entry holds, under the lock ──

  references(entry: number): number {
    return this.#words[this.#at(entry) + ENTRY.refs] as number;
  }

  expiresAt(entry: number): number {
    return this.#cells[(this.#at(entry) + ENTRY.expire) >>> 1] as number;
  }

  number(entry: number, place: StoredAt, index: number): number {
    return this.#cells[this.#cell(entry, place, index)] as number;
  }

  setNumber(entry: number, place: StoredAt, index: number, value: number): void {
    this.#cells[this.#cell(entry, place, index)] = value;
  }

  /** The sum. */
  add(entry: number, place: StoredAt, index: number, amount: number): number {
    const cell = this.#cell(entry, place, index);
    return (this.#cells[cell] = (this.#cells[cell] as number) + amount);
  }

  rate(entry: number, place: StoredAt, index: number, nowMs: number): number {
    const events = readRate(this.#cells, this.#cell(entry, place, index), place.periodMs, nowMs);
    return isByteRate(place.type) ? events * this.settings.bratesFactor : events;
  }

  /** Events of the running period so far. */
  count(entry: number, place: StoredAt, index: number, amount: number, nowMs: number): number {
    const cell = this.#cell(entry, place, index);
    countEvents(this.#cells, cell, place.periodMs, amount, nowMs);
    return this.#cells[cell + 1] as number;
  }

  setRate(entry: number, place: StoredAt, index: number, events: number, nowMs: number): void {
    setRate(this.#cells, this.#cell(entry, place, index), events, nowMs);
  }

  /** As it is stored: a number, or one of the three of a rate (frequency.ts). */
  cell(entry: number, place: StoredAt, index: number, part: number): number {
    return this.#cells[this.#cell(entry, place, index) + part] as number;
  }

  setCell(entry: number, place: StoredAt, index: number, part: number, value: number): void {
    this.#cells[this.#cell(entry, place, index) + part] = value;
  }

  /** `server_key`; empty: none. */
  text(entry: number, place: StoredAt): string {
    const word = this.#at(entry) + place.word;
    const length = this.#words[word] as number;
    return this.#latin1((word + 1) * 4, length);
  }

  /** What does not fit is not stored. */
  setText(entry: number, place: StoredAt, text: string): void {
    const word = this.#at(entry) + place.word;
    const length = text.length <= this.settings.serverKeyLength ? text.length : 0;
    this.#words[word] = length;
    for (let index = 0; index < length; index++) this.#bytes[(word + 1) * 4 + index] = text.charCodeAt(index);
  }

  /** Bytes of the key. */
  keyBytes(entry: number): number {
    return (this.#words[this.#at(entry) + ENTRY.length] as number) - 1;
  }

  /** Of texts and bytes; where it ends. */
  copyKey(entry: number, target: Buffer, at: number): number {
    const start = (this.#at(entry) + ENTRY.key) * 4;
    const length = this.keyBytes(entry);
    for (let index = 0; index < length; index++) target[at + index] = this.#bytes[start + index] as number;
    return at + length;
  }

  /** The key's four-byte words, from the first. */
  keyWord(entry: number, word: number): number {
    return this.#words[this.#at(entry) + ENTRY.key + word] as number;
  }

  /** One char a byte. */
  keyText(entry: number): string {
    const at = this.#at(entry);
    return this.#latin1((at + ENTRY.key) * 4, (this.#words[at + ENTRY.length] as number) - 1);
  }

  #latin1(start: number, length: number): string {
    let text = '';
    for (let index = 0; index < length; index++)
      text += String.fromCharCode(this.#bytes[start + index] as number);
    return text;
  }

  /** Loads the key of an entry of another table, if its keys are of the same kind. */
  loadKeyOf(other: StickTable, entry: number): boolean {
    const { keyType, keyLength } = other.settings;
    if (keyType !== this.settings.keyType || keyLength !== this.settings.keyLength) return false;
    const at = other.#at(entry);
    this.key.copyFrom(other.#words, at + ENTRY.key, (other.#words[at + ENTRY.length] as number) - 1);
    return true;
  }

  // ── the table as a whole ──

  /** Entries in use; what has expired is taken away first. */
  used(nowMs: number): number {
    this.#lock.take();
    this.#index.expire(nowMs, Infinity);
    const used = this.#words[HEADER.used] as number;
    this.#lock.release();
    return used;
  }

  /** Numbers of the entries that may be in use: ask `isUsed` under the lock. */
  get lastEntry(): number {
    return Atomics.load(this.#words, HEADER.fresh);
  }

  /** Under the lock: somebody's, and not expired. */
  isUsed(entry: number, nowMs: number): boolean {
    if (entry < 1 || entry > (this.#words[HEADER.fresh] as number)) return false;
    if (this.#words[this.#at(entry) + ENTRY.length] === 0) return false;
    return !this.#index.isOver(entry, nowMs);
  }

  /** Under the lock: copies an entry to the first place of another table made of the same settings. */
  copyTo(other: StickTable, entry: number): void {
    const at = this.#at(entry);
    other.#words.set(this.#words.subarray(at, at + this.#layout.entryWords), other.#at(COPY));
  }

  /** Under the lock; false: it is tracked and stays. */
  remove(entry: number): boolean {
    if (this.references(entry) > 0) return false;
    this.#index.remove(entry);
    return true;
  }

  /** Gives back what a dead data thread held. */
  recover(thread: number): void {
    this.#lock.abandonedBy(thread);
    const held = this.#layout.held[thread];
    if (held === undefined || held === 0) return;
    this.#lock.take();
    const last = this.#words[HEADER.fresh] as number;
    for (let entry = 1; entry <= last; entry++) this.#letGo(entry, held + entry);
    this.#lock.release();
  }

  #letGo(entry: number, held: number): void {
    const words = this.#words;
    const count = words[held] as number;
    if (count === 0) return;
    words[held] = 0;
    const refs = this.#at(entry) + ENTRY.refs;
    words[refs] = (words[refs] as number) - count;
    const connCur = this.#connCur;
    if (connCur !== undefined)
      this.setNumber(entry, connCur, 0, Math.max(0, this.number(entry, connCur, 0) - count));
  }

  #at(entry: number): number {
    return this.#layout.entries + entry * this.#layout.entryWords;
  }

  #cell(entry: number, place: StoredAt, index: number): number {
    return ((this.#at(entry) + place.word) >>> 1) + index * place.cells;
  }
}

function isByteRate(type: StickDataType): boolean {
  return type === 'bytes_in_rate' || type === 'bytes_out_rate';
}
