/**
 * Field lines that come again byte for byte are not read again: clients that keep a connection send the same ones with
 * each request, and so do servers with their answers (for a second, as long as their Date stands). What was found in
 * some of them is kept here by their bytes: where fields lie, and what they mean for framing and persistence.
 *
 * Nothing is taken on trust: bytes are compared with those that were read. What has passed once only is not kept, and
 * a look for what is not there costs some tens of nanoseconds (bench/micro/http-parse.ts).
 */
import { SPAN } from './field-table.ts';
import { FramingFields } from './framing.ts';
import type { HeadLimits } from './head-limits.ts';
import { HASH, LINE_END, type HeaderList } from './header-list.ts';
import { KNOWN_FIELDS } from './known-fields.ts';

/** A power of two. */
const PLACES = 64;
const MOST_BYTES = 2048;
const MOST_FIELDS = 32;
const FIRSTS = KNOWN_FIELDS.length;
/** A loop is faster than a call of what compares many. */
const FEW_BYTES = 64;
/** Lines that differ in bytes nobody looked at are likely to be followed by more of them: so many are not compared. */
const REST = 255;
/** Bytes that are looked at to tell blocks of lines apart. */
const SAMPLES = 16;

interface Read {
  readonly headers: HeaderList;
  readonly fields: FramingFields;
}

export class RepeatedFields {
  /** Of the lines kept in each place, and of those that passed there last. */
  readonly #hashes = new Int32Array(PLACES);
  readonly #passed = new Int32Array(PLACES);
  readonly #lengths = new Int32Array(PLACES);
  readonly #counts = new Int32Array(PLACES);
  readonly #seen = new Int32Array(PLACES);
  readonly #repeated = new Int32Array(PLACES);
  readonly #resting = new Uint8Array(PLACES);
  readonly #bytes = Buffer.alloc(PLACES * MOST_BYTES);
  /** Never written to again, as heads borrow them. */
  readonly #tables: Int32Array[] = Array.from({ length: PLACES }, () => new Int32Array(FIRSTS));
  /** Where the fields began in the heads of which they were kept. */
  readonly #offsets = new Int32Array(PLACES);
  readonly #framing = Array.from({ length: PLACES }, () => new FramingFields());
  /** The whole heads of which they were kept. */
  readonly #texts: string[] = Array.from({ length: PLACES }, () => '');
  /** By what rules they were read. */
  readonly #limits: (HeadLimits | undefined)[] = Array.from({ length: PLACES }, () => undefined);
  /** Of the lines last asked for. */
  #hash = 0;
  #place = 0;

  /**
   * The lines from `from` on, the empty one included, as they were read before, with offsets relative to `base`; gives
   * where the body starts, or 0: they are not known.
   */
  recall(buffer: Buffer, base: number, from: number, end: number, to: Read, limits: HeadLimits): number {
    const hash = hashOf(buffer, from, end);
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    this.#hash = hash;
    this.#place = place;
    if (this.#hashes[place] !== hash || this.#limits[place] !== limits || this.#isResting(place)) return 0;
    const length = this.#lengths[place] as number;
    if (length > end - from || !this.#isSame(buffer, from, place * MOST_BYTES, length)) {
      this.#resting[place] = REST;
      return 0;
    }
    this.#tell(place, from - base, to);
    return from + length;
  }

  #isResting(place: number): boolean {
    const left = this.#resting[place] as number;
    if (left > 0) this.#resting[place] = left - 1;
    return left > 0;
  }

  /** The text of the head from `start` on, whose fields at `from` were just recalled, if it is one that was kept. */
  recallText(buffer: Buffer, start: number, from: number): string | undefined {
    const text = this.#texts[this.#place] as string;
    const length = from - start;
    if (text.length !== length + (this.#lengths[this.#place] as number)) return undefined;
    for (let index = 0; index < length; index++)
      if (buffer[start + index] !== text.charCodeAt(index)) return undefined;
    return text;
  }

  #isSame(buffer: Buffer, from: number, at: number, length: number): boolean {
    const bytes = this.#bytes;
    if (length > FEW_BYTES) return buffer.compare(bytes, at, at + length, from, from + length) === 0;
    for (let index = 0; index < length; index++) if (buffer[from + index] !== bytes[at + index]) return false;
    return true;
  }

  #tell(place: number, offset: number, { headers, fields }: Read): void {
    const count = this.#counts[place] as number;
    const kept = this.#tables[place] as Int32Array;
    if (offset === this.#offsets[place]) headers.borrow(kept, 0);
    else copyOut(kept, count, headers, offset - (this.#offsets[place] as number));
    headers.scanned(count, this.#seen[place] as number, this.#repeated[place] as number);
    fields.become(this.#framing[place] as FramingFields);
  }

  /** What was asked for has been read, up to `body`: it is kept if it has come before, and stands as it came. */
  remember(
    buffer: Buffer,
    base: number,
    from: number,
    body: number,
    { headers, fields }: Read,
    limits: HeadLimits,
  ): void {
    const place = this.#place;
    if (this.#passed[place] !== this.#hash || this.#resting[place] !== 0) {
      this.#passed[place] = this.#hash;
      return;
    }
    const { table, firstsAt, spansAt, count } = headers;
    if (body - from > MOST_BYTES || count > MOST_FIELDS || headers.kept !== count) return;
    this.#passed[place] = 0;
    this.#hashes[place] = this.#hash;
    this.#limits[place] = limits;
    this.#lengths[place] = body - from;
    this.#texts[place] = headers.text;
    this.#bytes.set(buffer.subarray(from, body), place * MOST_BYTES);
    this.#offsets[place] = from - base;
    this.#tables[place] = table.slice(firstsAt, spansAt + count * SPAN);
    this.#counts[place] = count;
    this.#seen[place] = headers.seen;
    this.#repeated[place] = headers.repeated;
    (this.#framing[place] as FramingFields).become(fields);
  }
}

/** The lines begin further on by `offset` than in the head of which this was kept. */
function copyOut(kept: Int32Array, count: number, headers: HeaderList, offset: number): void {
  headers.makeRoom(count);
  const { table, firstsAt, spansAt } = headers;
  for (let at = 0; at < FIRSTS; at++) table[firstsAt + at] = kept[at] as number;
  const end = count * SPAN;
  for (let field = 0; field < end; field += SPAN) {
    for (let number = field; number <= field + LINE_END; number++)
      table[spansAt + number] = (kept[FIRSTS + number] as number) + offset;
    table[spansAt + field + HASH] = kept[FIRSTS + field + HASH] as number;
  }
}

/** Of all that has come: lines that are followed by other bodies are other lines. */
function hashOf(buffer: Buffer, from: number, end: number): number {
  const length = end - from;
  const step = (Math.min(length, MOST_BYTES) >>> 4) + 1;
  let hash = length;
  let at = from;
  for (let sample = 0; sample < SAMPLES && at < end; sample++, at += step)
    hash = (Math.imul(hash, 31) + (buffer[at] as number)) | 0;
  return hash;
}
