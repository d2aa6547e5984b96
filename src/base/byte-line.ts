/**
 * A line of text that grows as bytes, one char a byte: what is written piece by piece needs no text of the whole, which
 * would be put together, flattened and copied. Log lines are rendered into one (proxy/accounts/log-line.ts).
 */
import { latin1Write } from './latin1.ts';

/** The longest line (`len 65535`); what is behind is cut off. */
const ROOM = 65_536;
/** Up to here a loop is cheaper than the call into the runtime. */
const SHORT = 40;
const ZERO = 48;
const LF = 10;
const QUOTE = 34;
const ESCAPE = 35;
const DIGITS = '0123456789ABCDEF';

export class ByteLine {
  readonly bytes: Buffer;
  /** Where it ends, from the beginning of the bytes. */
  length = 0;
  /** Where it has to end at the latest. */
  limit: number;

  constructor(bytes: Buffer = Buffer.allocUnsafeSlow(ROOM)) {
    this.bytes = bytes;
    this.limit = bytes.length;
  }

  add(text: string): void {
    const { bytes, length: at } = this;
    const size = text.length;
    const end = Math.min(at + size, this.limit);
    if (size > SHORT) {
      this.length = at + latin1Write(bytes, at + size > end ? text.slice(0, end - at) : text, at);
      return;
    }
    for (let to = at, from = 0; to < end; to++, from++) bytes[to] = text.charCodeAt(from);
    this.length = end;
  }

  addByte(byte: number): void {
    if (this.length < this.limit) this.bytes[this.length++] = byte;
  }

  /** In decimal digits. */
  addNumber(value: number): void {
    if (value >= 0 && value < 10 && value === (value | 0)) this.addByte(ZERO + value);
    else if (value >= 0 && value === (value | 0)) this.#addDigits(value);
    else this.add(String(value));
  }

  #addDigits(value: number): void {
    const { bytes, length: at } = this;
    let end = at + 1;
    for (let rest = value; rest >= 10; rest = (rest / 10) | 0) end++;
    if (end > this.limit) return this.add(String(value));
    let rest = value;
    for (let to = end - 1; to >= at; to--) {
      const tens = (rest / 10) | 0;
      bytes[to] = ZERO + rest - tens * 10;
      rest = tens;
    }
    this.length = end;
  }

  /** A part of a text as URLs stand in log lines: `"`, `#` and what is not printable as `#` and two hexadecimal digits. */
  addUrl(text: string, start: number, end: number): void {
    const { bytes } = this;
    let to = this.length;
    const last = this.limit - 3;
    for (let from = start; from < end && to <= last; from++) {
      const byte = text.charCodeAt(from) & 0xff;
      if (byte >= 0x20 && byte < 0x7f && byte !== QUOTE && byte !== ESCAPE) {
        bytes[to++] = byte;
        continue;
      }
      bytes[to++] = ESCAPE;
      bytes[to++] = DIGITS.charCodeAt(byte >> 4);
      bytes[to++] = DIGITS.charCodeAt(byte & 15);
    }
    this.length = to;
  }

  addBytes(piece: Uint8Array): void {
    this.addStart(piece, piece.length);
  }

  /** So many bytes of a piece. */
  addStart(piece: Uint8Array, size: number): void {
    const { bytes, length: at } = this;
    const end = Math.min(at + size, this.limit);
    for (let to = at, from = 0; to < end; to++, from++) bytes[to] = piece[from] as number;
    this.length = end;
  }

  /** Takes off the line ends (and ends of C strings) it ends with, down to a place. */
  cutEnd(start: number): void {
    const { bytes } = this;
    let end = this.length;
    while (end > start && (bytes[end - 1] === LF || bytes[end - 1] === 0)) end--;
    this.length = end;
  }
}
