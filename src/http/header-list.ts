/**
 * The header fields of one message, reused from message to message. A received head is kept as one text and the
 * offsets of its fields in it; names and values become strings when somebody asks for them, and lines nobody
 * changed are written out as they came, whole runs of them at a time.
 *
 *   text    GET / HTTP/1.1␍␊Host: a␍␊Accept: *␍␊...   a span: nameStart nameEnd valueStart valueEnd lineEnd hash
 *                           └ nameStart      └ lineEnd
 */
import { latin1Slice, writeLatin1 } from '../base/latin1.ts';
import { COLON, CR, LF, LOWER_TOKEN, SPACE } from './char-class.ts';
import { NO_PIECE, SPAN, takePiece, type FieldPiece } from './field-table.ts';
import { lowerCase, oneLine } from './field-text.ts';
import type { Headers } from './head.ts';
import { hashName, KNOWN_FIELDS, knownField } from './known-fields.ts';

export const NAME_END = 1;
export const VALUE_START = 2;
export const VALUE_END = 3;
export const LINE_END = 4;
export const HASH = 5;
/** As LINE_END: the line was changed, or never was one. */
export const WRITTEN_ANEW = -1;

/** Room for fields that rules add to a head of our own. */
const FEW = 16;

/** Behind the name, and behind the value. */
const PUNCTUATION = ': \r\n'.length;

export class HeaderList implements Headers {
  count = 0;
  /** Bit n: known field n was added, changed or removed since the head was parsed. */
  touched = 0;
  /** Bit n: the scanner has seen known field n, or one was added; the scanner has seen it more than once. */
  seen = 0;
  repeated = 0;
  /** The memory the head came in, where its first byte lies, and how many there are; for squeeze(). */
  source: Buffer | undefined;
  sourceStart = 0;
  length = 0;
  /** Bytes in front of it that may be written to. */
  headroom = 0;
  /** Undefined: nobody has asked yet, and it can be read from `source`. */
  #text: string | undefined = '';
  /** What is known of its fields (field-table.ts): where known field n was seen first, and the spans. */
  table = NO_PIECE.table;
  firstsAt = 0;
  spansAt = 0;
  /** The piece that may be written to; `table` may be another's. */
  #piece: FieldPiece = NO_PIECE;
  /** Strings made so far, or set by an edit; those win over the text. */
  readonly #names: (string | undefined)[] = [];
  readonly #values: (string | undefined)[] = [];
  /** Entries of #names and #values that may be in use. */
  #cached = 0;

  /** Forgets everything. */
  clear(): void {
    for (let index = 0; index < this.#cached; index++) {
      this.#names[index] = undefined;
      this.#values[index] = undefined;
    }
    this.#cached = 0;
    this.count = 0;
    this.touched = 0;
    this.seen = 0;
    this.repeated = 0;
    this.#text = '';
    this.length = 0;
  }

  // ── filled by the parser ──

  /**
   * Before anything is written to the table: so many fields have room, and it is its own. The scanner writes what it
   * finds there; offsets are those of the text given afterwards.
   */
  makeRoom(fields: number): void {
    if (this.#piece.room < fields) this.#piece = takePiece(fields);
    else if (this.table === this.#piece.table && this.spansAt === this.#piece.spansAt) return;
    const { table, firstsAt, spansAt, count } = this;
    const own = this.#piece;
    if (count > 0) own.table.set(table.subarray(firstsAt, spansAt + count * SPAN), own.firstsAt);
    this.borrow(own.table, own.firstsAt);
  }

  /** What is known of its fields stands there, and will not change: another head has the same (repeated-fields.ts). */
  borrow(table: Int32Array, firstsAt: number): void {
    this.table = table;
    this.firstsAt = firstsAt;
    this.spansAt = firstsAt + KNOWN_FIELDS.length;
  }

  /** While its lines are, byte for byte, some that came before: what is known of those, the same each time. */
  get recalled(): Int32Array | undefined {
    return this.count === 0 || this.table === this.#piece.table ? undefined : this.table;
  }

  /** The scanner has written so many fields. */
  scanned(count: number, seen: number, repeated: number): void {
    this.count = count;
    this.seen |= seen;
    this.repeated |= repeated;
  }

  /** The whole head as received, from the first byte of its first line. */
  get text(): string {
    return this.#text ?? this.#readText();
  }

  #readText(): string {
    const { source, sourceStart, length } = this;
    return (this.#text = source === undefined ? '' : latin1Slice(source, sourceStart, sourceStart + length));
  }

  valueStart(index: number): number {
    return this.#span(index, VALUE_START);
  }

  valueEnd(index: number): number {
    return this.#span(index, VALUE_END);
  }

  #span(index: number, what: number): number {
    return this.table[this.spansAt + index * SPAN + what] as number;
  }

  #setSpan(index: number, what: number, value: number): void {
    this.makeRoom(this.count);
    this.table[this.spansAt + index * SPAN + what] = value;
  }

  /** The first of a known field, -1 when there is none: without a search. For the parser, before any edit. */
  firstKnown(known: number): number {
    return (this.seen & (1 << known)) === 0 ? -1 : (this.table[this.firstsAt + known] as number);
  }

  /** Is the received value this word (in lower case, a token's bytes)? For the parser. */
  isValue(index: number, word: Uint8Array): boolean {
    const source = this.source as Buffer;
    const start = this.valueStart(index) + this.sourceStart;
    if (this.valueEnd(index) - this.valueStart(index) !== word.length) return false;
    for (let at = 0; at < word.length; at++)
      if (LOWER_TOKEN[source[start + at] as number] !== word[at]) return false;
    return true;
  }

  /** The text of a head, or of trailers, that stays. */
  setText(text: string): void {
    this.#text = text;
    this.length = text.length;
    this.source = undefined;
  }

  /** The text lies there; where it is not known as such, no string is made until somebody wants one. */
  setSource(source: Buffer, start: number, length: number, text?: string): void {
    this.#text = text;
    this.source = source;
    this.sourceStart = start;
    this.length = length;
    this.headroom = 0;
  }

  /** Somebody may ask when the memory it came in has changed. */
  keepText(): void {
    this.#text ??= this.#readText();
  }

  /** The memory it came in may change from now on: it is not to be read, or sent, from there. */
  leaveSource(): void {
    this.keepText();
    this.source = undefined;
  }

  /** The same, and nobody will ask for anything any more. */
  forget(): void {
    this.clear();
    this.source = undefined;
  }

  // ── read ──

  nameAt(index: number): string {
    return (
      this.#names[index] ??
      this.#keepName(index, this.text.slice(this.#span(index, 0), this.#span(index, NAME_END)))
    );
  }

  lowerNameAt(index: number): string {
    const known = knownField(this.#hashAt(index));
    if (known !== 0 && this.#isNamed(index, KNOWN_FIELDS[known] as string))
      return KNOWN_FIELDS[known] as string;
    return lowerCase(this.nameAt(index));
  }

  valueAt(index: number): string {
    return (
      this.#values[index] ??
      this.#keepValue(index, this.text.slice(this.valueStart(index), this.valueEnd(index)))
    );
  }

  find(lowerName: string, from = 0, hash = hashName(lowerName)): number {
    const { table, count, spansAt } = this;
    for (let index = from; index < count; index++)
      if (table[spansAt + index * SPAN + HASH] === hash && this.#isNamed(index, lowerName)) return index;
    return -1;
  }

  get(lowerName: string): string | undefined {
    const index = this.find(lowerName);
    return index < 0 ? undefined : this.valueAt(index);
  }

  has(lowerName: string): boolean {
    return this.find(lowerName) >= 0;
  }

  #isNamed(index: number, lowerName: string): boolean {
    const name = this.#names[index];
    if (name !== undefined)
      return name.length === lowerName.length && (name === lowerName || lowerCase(name) === lowerName);
    const start = this.#span(index, 0);
    if (this.#span(index, NAME_END) - start !== lowerName.length) return false;
    const text = this.#text;
    if (text === undefined) return this.#areBytes(start, lowerName);
    for (let at = 0; at < lowerName.length; at++)
      if (LOWER_TOKEN[text.charCodeAt(start + at)] !== lowerName.charCodeAt(at)) return false;
    return true;
  }

  /** The same without a text, which costs more than a look at a few bytes. */
  #areBytes(start: number, lowerName: string): boolean {
    const source = this.source as Buffer;
    const from = this.sourceStart + start;
    for (let at = 0; at < lowerName.length; at++)
      if (LOWER_TOKEN[source[from + at] as number] !== lowerName.charCodeAt(at)) return false;
    return true;
  }

  #keepName(index: number, name: string): string {
    if (index >= this.#cached) this.#cached = index + 1;
    this.#names[index] = name;
    return name;
  }

  #keepValue(index: number, value: string): string {
    if (index >= this.#cached) this.#cached = index + 1;
    this.#values[index] = value;
    return value;
  }

  // ── edited ──

  add(name: string, value: string, hash = hashName(name)): void {
    const index = this.count;
    this.makeRoom(index < this.#piece.room ? index : Math.max(FEW, 2 * index + 2));
    this.count++;
    this.#setSpan(index, LINE_END, WRITTEN_ANEW);
    this.#setSpan(index, HASH, hash);
    this.seen |= 1 << knownField(hash);
    this.#keepName(index, name);
    this.#keepValue(index, oneLine(value));
    this.#touch(hash);
  }

  set(name: string, value: string): void {
    this.remove(lowerCase(name));
    this.add(name, value);
  }

  remove(lowerName: string, hash = hashName(lowerName)): number {
    const before = this.count;
    for (let at = this.find(lowerName, 0, hash); at >= 0; at = this.find(lowerName, at, hash))
      this.removeAt(at);
    return before - this.count;
  }

  removeAt(index: number): void {
    this.#touch(this.#hashAt(index));
    this.discardAt(index);
  }

  /** Removes it as the parser does: not an edit anybody made. */
  discardAt(index: number): void {
    this.makeRoom(this.count);
    const { count, table, spansAt } = this;
    const at = spansAt + index * SPAN;
    table.copyWithin(at, at + SPAN, spansAt + count * SPAN);
    if (index < count - 1) this.#moveFirstsUp(index);
    const cached = this.#cached;
    for (let next = index + 1; next <= cached && next <= count; next++) {
      this.#names[next - 1] = this.#names[next];
      this.#values[next - 1] = this.#values[next];
    }
    this.count = count - 1;
  }

  /** Those behind the field that was there. */
  #moveFirstsUp(index: number): void {
    const { table, firstsAt } = this;
    for (let at = firstsAt + 1; at < firstsAt + KNOWN_FIELDS.length; at++)
      if ((table[at] as number) > index) table[at] = (table[at] as number) - 1;
  }

  setValueAt(index: number, value: string): void {
    this.#touch(this.#hashAt(index));
    this.amendValueAt(index, oneLine(value));
  }

  /** Changes it as the parser does: not an edit anybody made. */
  amendValueAt(index: number, value: string): void {
    this.#keepValue(index, value);
    this.#setSpan(index, LINE_END, WRITTEN_ANEW);
  }

  setNameAt(index: number, name: string): void {
    const before = this.#hashAt(index);
    const hash = hashName(name);
    this.valueAt(index);
    this.#keepName(index, name);
    this.#setSpan(index, LINE_END, WRITTEN_ANEW);
    this.#setSpan(index, HASH, hash);
    // the same name in other letters is no change of meaning
    if (hash === before) return;
    this.seen |= 1 << knownField(hash);
    this.#touch(before);
    this.#touch(hash);
  }

  #touch(hash: number): void {
    this.touched |= 1 << knownField(hash);
  }

  // ── written ──

  /**
   * `startLine` and all field lines, each with its CRLF. The text's own start line, when it is to be kept, is
   * given by its length instead.
   */
  render(startLine = '', keptLength = 0): string {
    let out = startLine;
    let runStart = 0;
    let runEnd = keptLength;
    for (let index = 0; index < this.count; index++) {
      const lineStart = this.#span(index, 0);
      const lineEnd = this.#span(index, LINE_END);
      if (lineEnd >= 0 && lineStart === runEnd) {
        runEnd = lineEnd;
        continue;
      }
      if (runEnd > runStart) out += this.text.slice(runStart, runEnd);
      if (lineEnd >= 0) {
        runStart = lineStart;
        runEnd = lineEnd;
        continue;
      }
      runStart = runEnd = 0;
      out += `${this.nameAt(index)}: ${this.valueAt(index)}\r\n`;
    }
    return runEnd > runStart ? out + this.text.slice(runStart, runEnd) : out;
  }

  /** How many stay as they came, before those that are written anew; -1 when they are not in that order. */
  get kept(): number {
    let kept = 0;
    while (kept < this.count && this.#span(kept, LINE_END) >= 0) kept++;
    for (let index = kept; index < this.count; index++) if (this.#span(index, LINE_END) >= 0) return -1;
    return kept;
  }

  /** Bytes of the lines from there on, written anew. */
  sizeFrom(index: number): number {
    let size = 0;
    for (let at = index; at < this.count; at++)
      size += this.nameAt(at).length + this.valueAt(at).length + PUNCTUATION;
    return size;
  }

  /** Writes those lines. */
  writeFrom(index: number, buffer: Buffer, offset: number): void {
    let to = offset;
    for (let at = index; at < this.count; at++) {
      to = writeLatin1(buffer, this.nameAt(at), to);
      buffer[to] = COLON;
      buffer[to + 1] = SPACE;
      to = writeLatin1(buffer, this.valueAt(at), to + 2);
      buffer[to] = CR;
      buffer[to + 1] = LF;
      to += 2;
    }
  }

  #hashAt(index: number): number {
    return this.#span(index, HASH);
  }
}
