/**
 * Reads field blocks (RFC 7541): one decoder for what one peer of a connection sends. All blocks have to pass through
 * it, in their order, also those of streams nobody is interested in.
 */
import { BlockReader } from './block-reader.ts';
import { DynamicTable, ENTRY_OVERHEAD } from './dynamic-table.ts';
import { readInteger } from './integers.ts';
import { RepeatedRun, type LineSink } from './repeated-run.ts';
import { LAST_PSEUDO, STATIC_COUNT, STATIC_NAMES, STATIC_VALUES } from './static-table.ts';

/** Hears the fields of one block in their order. Texts are latin1: one character a byte. */
export interface FieldSink {
  field(name: string, value: string): void;
  /** Where fields become lines of text. */
  readonly lineSink?: LineSink;
}

/** What both sides begin with (RFC 9113, section 6.5.2). */
export const INITIAL_TABLE_BYTES = 4096;

/** The first bits of a representation (RFC 7541, section 6). */
const INDEXED = 0x80;
const ADDED = 0x40;
const TABLE_SIZE = 0x20;
const PLAIN = 0x10;
const COLON = 0x3a;

/** Used by all: a block is read without a pause. */
const reader = new BlockReader();

export class HpackDecoder {
  /** The fields of the last block were more than `maxListBytes`: those beyond were not given. */
  tooLarge = false;
  #table = new DynamicTable(INITIAL_TABLE_BYTES);
  #limit: number;
  /** The table is smaller than the peer may know: nothing of it can be used before it says so. */
  #isCut = false;
  #listBytes = 0;
  #maxListBytes = 0;
  readonly #run = new RepeatedRun();
  /** Of this block: it may have several, the first is remembered. */
  #hadRun = false;

  /**
   * `maxTableBytes`: our SETTINGS_HEADER_TABLE_SIZE. Until the peer has seen it the initial size holds as well; setLimit
   * says when it has.
   */
  constructor(maxTableBytes: number) {
    this.#limit = Math.max(maxTableBytes, INITIAL_TABLE_BYTES);
  }

  /** The peer has acknowledged this SETTINGS_HEADER_TABLE_SIZE. */
  setLimit(maxTableBytes: number): void {
    this.#limit = maxTableBytes;
    if (this.#table.maxBytes <= maxTableBytes) return;
    this.#table.resize(maxTableBytes);
    this.#isCut = true;
  }

  /**
   * Reads a whole block, `block[start..end]` (CONTINUATION frames joined). `maxListBytes` bounds names and values, and 32
   * bytes for each field (RFC 9113, section 10.5.1); a larger list is read to its end, for the table's sake, but not
   * given. False: COMPRESSION_ERROR, the connection is lost.
   */
  decode(block: Buffer, start: number, end: number, sink: FieldSink, maxListBytes: number): boolean {
    this.tooLarge = false;
    this.#hadRun = false;
    this.#listBytes = 0;
    this.#maxListBytes = maxListBytes;
    reader.open(block, start, end);
    const isGood = this.#readSizes() && this.#readFields(sink);
    reader.close();
    return isGood;
  }

  /** Changes of the table's size come before all fields (RFC 7541, section 4.2). */
  #readSizes(): boolean {
    while (reader.at < reader.end && ((reader.bytes[reader.at] as number) & ~0x1f) === TABLE_SIZE) {
      const size = readInteger(reader, TABLE_SIZE - 1);
      if (size < 0 || size > this.#limit) return false;
      this.#table.resize(size);
      this.#isCut = false;
    }
    return true;
  }

  #readFields(sink: FieldSink): boolean {
    while (reader.at < reader.end) {
      const first = reader.bytes[reader.at] as number;
      if (first >= INDEXED) {
        if (!this.#readPlaces(first, sink)) return false;
      } else if (first >= ADDED) {
        if (!this.#readLiteral(sink, ADDED - 1, true)) return false;
      } else if (first >= TABLE_SIZE) return false;
      else if (!this.#readLiteral(sink, PLAIN - 1, false)) return false;
    }
    return true;
  }

  /** One place in the tables, or all of a run. */
  #readPlaces(first: number, sink: FieldSink): boolean {
    const { lineSink: lines } = sink;
    if (lines === undefined || this.#hadRun || !this.#mayBeginRun(first - INDEXED))
      return this.#readIndexed(sink);
    this.#hadRun = true;
    const run = this.#run;
    const isAgain = run.isNext(reader, this.#table.version);
    if (!isAgain || this.#listBytes + run.listBytes > this.#maxListBytes) return this.#readRun(sink, lines);
    this.#listBytes += run.listBytes;
    reader.at += run.length;
    lines.repeatLines(run.lines as Uint8Array);
    return true;
  }

  /** A field that is no pseudo-field; its place in one byte. */
  #mayBeginRun(index: number): boolean {
    if (index <= STATIC_COUNT) return index > LAST_PSEUDO;
    const age = index - STATIC_COUNT - 1;
    return index < INDEXED - 1 && age < this.#table.count && this.#table.nameAt(age).charCodeAt(0) !== COLON;
  }

  /** Field by field, and noted. */
  #readRun(sink: FieldSink, lines: LineSink): boolean {
    const { bytes, at: from } = reader;
    const listBytes = this.#listBytes;
    lines.beginLines();
    const { others, end: start } = lines;
    const noted = { to: from, end: start, listBytes: 0 };
    while (reader.at < reader.end && (bytes[reader.at] as number) >= INDEXED) {
      if (!this.#readIndexed(sink)) return false;
      if (lines.others !== others || this.tooLarge) break;
      noted.to = reader.at;
      noted.end = lines.end;
      noted.listBytes = this.#listBytes - listBytes;
    }
    this.#run.note({ bytes, from, to: noted.to }, this.#table.version, lines.buffer, start, noted);
    return true;
  }

  #readIndexed(sink: FieldSink): boolean {
    const index = readInteger(reader, INDEXED - 1);
    if (index <= 0) return false;
    if (index <= STATIC_COUNT) {
      this.#give(sink, STATIC_NAMES[index] as string, STATIC_VALUES[index] as string);
      return true;
    }
    const age = index - STATIC_COUNT - 1;
    if (age >= this.#table.count || this.#isCut) return false;
    this.#give(sink, this.#table.nameAt(age), this.#table.valueAt(age));
    return true;
  }

  #readLiteral(sink: FieldSink, mask: number, isAdded: boolean): boolean {
    const index = readInteger(reader, mask);
    const name = index === 0 ? reader.name() : this.#nameAt(index);
    if (name === undefined) return false;
    const value = reader.value();
    if (value === undefined) return false;
    if (isAdded) {
      if (this.#isCut) return false;
      this.#table.add(name, value);
    }
    this.#give(sink, name, value);
    return true;
  }

  /** Undefined: there is no such entry. */
  #nameAt(index: number): string | undefined {
    if (index < 0) return undefined;
    if (index <= STATIC_COUNT) return STATIC_NAMES[index];
    const age = index - STATIC_COUNT - 1;
    return age < this.#table.count && !this.#isCut ? this.#table.nameAt(age) : undefined;
  }

  #give(sink: FieldSink, name: string, value: string): void {
    this.#listBytes += name.length + value.length + ENTRY_OVERHEAD;
    if (this.#listBytes > this.#maxListBytes) this.tooLarge = true;
    else sink.field(name, value);
  }
}
