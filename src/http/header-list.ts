/**
 * The header fields of one message, reused from message to message. A received head is kept as one text and the
 * offsets of its fields in it; names and values become strings when somebody asks for them, and lines nobody
 * changed are written out as they came, whole runs of them at a time.
 *
 *   text    GET / HTTP/1.1␍␊Host: a␍␊Accept: *␍␊...   a span: nameStart nameEnd valueStart valueEnd lineEnd hash
 *                           └ nameStart      └ lineEnd
 */
import { latin1Slice } from '../base/latin1.ts';
import { LOWER_TOKEN } from './char-class.ts';
import type { Headers } from './head.ts';
import { hashName, KNOWN_FIELDS, knownField } from './known-fields.ts';

export const SPAN = 6;
export const NAME_END = 1;
export const VALUE_START = 2;
export const VALUE_END = 3;
export const LINE_END = 4;
export const HASH = 5;
/** As LINE_END: the line was changed, or never was one. */
export const WRITTEN_ANEW = -1;

/** Lower-case forms of names seen; bounded, since clients choose names. */
const lowered = new Map<string, string>();
const LOWERED_AT_MOST = 4096;

function lowerCase(name: string): string {
  let lower = lowered.get(name);
  if (lower === undefined) {
    lower = name.toLowerCase();
    if (lowered.size < LOWERED_AT_MOST) lowered.set(name, lower);
  }
  return lower;
}

/** A value from a rule must not end the line: CR, LF and NUL become blanks (RFC 9110 section 5.5). */
function oneLine(value: string): string {
  return /[\0\r\n]/.test(value) ? value.replace(/[\0\r\n]/g, ' ') : value;
}

export class HeaderList implements Headers {
  count = 0;
  /** Bit n: known field n was added, changed or removed since the head was parsed. */
  touched = 0;
  /** Bit n: the scanner has seen known field n, or one was added; the scanner has seen it more than once. */
  seen = 0;
  repeated = 0;
  /** Where the scanner saw known field n first; discardAt() keeps it right. */
  readonly firsts = new Int16Array(KNOWN_FIELDS.length);
  /** The memory the head came in, where its first byte lies, and how many there are; for squeeze(). */
  source: Buffer | undefined;
  sourceStart = 0;
  length = 0;
  /** Undefined: nobody has asked yet, and it can be read from `source`. */
  #text: string | undefined = '';
  #spans = new Int32Array(SPAN * 32);
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

  /** Where the scanner writes what it finds; offsets are those of the text given afterwards. */
  spansFor(headers: number): Int32Array {
    if (this.#spans.length < headers * SPAN) this.#grow(headers);
    return this.#spans;
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

  get spans(): Int32Array {
    return this.#spans;
  }

  valueStart(index: number): number {
    return this.#spans[index * SPAN + VALUE_START] as number;
  }

  valueEnd(index: number): number {
    return this.#spans[index * SPAN + VALUE_END] as number;
  }

  /** The first of a known field, -1 when there is none: without a search. For the parser, before any edit. */
  firstKnown(known: number): number {
    return (this.seen & (1 << known)) === 0 ? -1 : (this.firsts[known] as number);
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

  /** The text lies there; until somebody wants it as such, no string is made. */
  setSource(source: Buffer, start: number, length: number): void {
    this.#text = undefined;
    this.source = source;
    this.sourceStart = start;
    this.length = length;
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
      this.#keepName(index, this.text.slice(this.#spans[index * SPAN], this.#spans[index * SPAN + NAME_END]))
    );
  }

  lowerNameAt(index: number): string {
    const known = knownField(this.#hashAt(index));
    if (known !== 0 && this.#isNamed(index, KNOWN_FIELDS[known] as string))
      return KNOWN_FIELDS[known] as string;
    return lowerCase(this.nameAt(index));
  }

  valueAt(index: number): string {
    const at = index * SPAN;
    return (
      this.#values[index] ??
      this.#keepValue(index, this.text.slice(this.#spans[at + VALUE_START], this.#spans[at + VALUE_END]))
    );
  }

  find(lowerName: string, from = 0): number {
    const hash = hashName(lowerName);
    for (let index = from; index < this.count; index++)
      if (this.#hashAt(index) === hash && this.#isNamed(index, lowerName)) return index;
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
    const start = this.#spans[index * SPAN] as number;
    if ((this.#spans[index * SPAN + NAME_END] as number) - start !== lowerName.length) return false;
    const { text } = this;
    for (let at = 0; at < lowerName.length; at++)
      if (LOWER_TOKEN[text.charCodeAt(start + at)] !== lowerName.charCodeAt(at)) return false;
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

  add(name: string, value: string): void {
    const hash = hashName(name);
    const index = this.count++;
    const at = index * SPAN;
    if (at + SPAN > this.#spans.length) this.#grow(this.count * 2);
    this.#spans[at + LINE_END] = WRITTEN_ANEW;
    this.#spans[at + HASH] = hash;
    this.seen |= 1 << knownField(hash);
    this.#keepName(index, name);
    this.#keepValue(index, oneLine(value));
    this.#touch(hash);
  }

  set(name: string, value: string): void {
    this.remove(lowerCase(name));
    this.add(name, value);
  }

  remove(lowerName: string): number {
    const before = this.count;
    for (let at = this.find(lowerName); at >= 0; at = this.find(lowerName, at)) this.removeAt(at);
    return before - this.count;
  }

  removeAt(index: number): void {
    this.#touch(this.#hashAt(index));
    this.discardAt(index);
  }

  /** Removes it as the parser does: not an edit anybody made. */
  discardAt(index: number): void {
    const { count, firsts } = this;
    const spans = this.#spans;
    for (let at = index * SPAN; at < (count - 1) * SPAN; at++) spans[at] = spans[at + SPAN] as number;
    if (index < count - 1)
      for (let known = 1; known < firsts.length; known++)
        if ((firsts[known] as number) > index) firsts[known] = (firsts[known] as number) - 1;
    const cached = this.#cached;
    for (let next = index + 1; next <= cached && next <= count; next++) {
      this.#names[next - 1] = this.#names[next];
      this.#values[next - 1] = this.#values[next];
    }
    this.count = count - 1;
  }

  setValueAt(index: number, value: string): void {
    this.#touch(this.#hashAt(index));
    this.amendValueAt(index, oneLine(value));
  }

  /** Changes it as the parser does: not an edit anybody made. */
  amendValueAt(index: number, value: string): void {
    this.#keepValue(index, value);
    this.#spans[index * SPAN + LINE_END] = WRITTEN_ANEW;
  }

  setNameAt(index: number, name: string): void {
    const before = this.#hashAt(index);
    const hash = hashName(name);
    this.valueAt(index);
    this.#keepName(index, name);
    this.#spans[index * SPAN + LINE_END] = WRITTEN_ANEW;
    this.#spans[index * SPAN + HASH] = hash;
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
    const spans = this.#spans;
    let out = startLine;
    let runStart = 0;
    let runEnd = keptLength;
    for (let index = 0; index < this.count; index++) {
      const at = index * SPAN;
      const lineEnd = spans[at + LINE_END] as number;
      if (lineEnd >= 0 && spans[at] === runEnd) {
        runEnd = lineEnd;
        continue;
      }
      if (runEnd > runStart) out += this.text.slice(runStart, runEnd);
      if (lineEnd >= 0) {
        runStart = spans[at] as number;
        runEnd = lineEnd;
        continue;
      }
      runStart = runEnd = 0;
      out += `${this.nameAt(index)}: ${this.valueAt(index)}\r\n`;
    }
    return runEnd > runStart ? out + this.text.slice(runStart, runEnd) : out;
  }

  #hashAt(index: number): number {
    return this.#spans[index * SPAN + HASH] as number;
  }

  #grow(headers: number): void {
    const spans = new Int32Array(headers * SPAN);
    spans.set(this.#spans);
    this.#spans = spans;
  }
}
