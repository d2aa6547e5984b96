/**
 * Peers send most of their fields again and again, as places in the tables that follow one another (RFC 7541, section
 * 6.1). The lines that such a run of places was written as are kept, for as long as the table is the same: they are copied
 * when it comes again. One run a connection, from its second time on.
 */
import type { BlockReader } from './block-reader.ts';

/** Who writes each field as a line of its own, and may get several at once. */
export interface LineSink {
  readonly buffer: Uint8Array;
  /** Where the next line goes. */
  readonly end: number;
  /** How many fields were anything else than one line. */
  readonly others: number;
  /** Writes what comes before all lines. */
  beginLines(): void;
  repeatLines(lines: Uint8Array): void;
}

interface Places {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

interface Written {
  readonly end: number;
  readonly listBytes: number;
}

/** A run that takes more is read field by field. */
const MOST_PLACES = 48;
const MOST_LINES = 4096;

export class RepeatedRun {
  /** What its fields count towards the limit of a block. */
  listBytes = 0;
  /** Undefined: it was seen once. */
  lines: Uint8Array | undefined = undefined;
  length = 0;
  #places: Uint8Array | undefined = undefined;
  /** Of the table: see DynamicTable. */
  #version = -1;

  /** Does it stand there? */
  isNext(reader: BlockReader, version: number): boolean {
    return this.lines !== undefined && this.#isAt(reader.bytes, reader.at, reader.end, version);
  }

  /** Those places were written as `buffer[start..end]`. */
  note(places: Places, version: number, buffer: Uint8Array, start: number, written: Written): void {
    const { bytes, from, to } = places;
    const { end, listBytes } = written;
    if (to === from || to - from > MOST_PLACES || end - start > MOST_LINES) return;
    if (this.length === to - from && this.#isAt(bytes, from, to, version)) {
      this.lines = Uint8Array.prototype.slice.call(buffer, start, end);
      this.listBytes = listBytes;
      return;
    }
    this.#places ??= new Uint8Array(MOST_PLACES);
    for (let at = from; at < to; at++) this.#places[at - from] = bytes[at] as number;
    this.length = to - from;
    this.#version = version;
    this.lines = undefined;
  }

  #isAt(bytes: Uint8Array, at: number, end: number, version: number): boolean {
    const places = this.#places;
    if (places === undefined || version !== this.#version || end - at < this.length) return false;
    for (let index = 0; index < this.length; index++) if (bytes[at + index] !== places[index]) return false;
    return true;
  }
}
