/**
 * A line of text that grows as bytes, one char a byte: what is written piece by piece needs no text of the whole, which
 * would be put together, flattened and copied. Log lines are rendered into one (proxy/log-line.ts).
 */
import { latin1Write } from './latin1.ts';

/** The longest line (`len 65535`); what is behind is cut off. */
const ROOM = 65_536;
/** Up to here a loop is cheaper than the call into the runtime. */
const SHORT = 40;
const ZERO = 48;
const ESCAPE = 35;
const DIGITS = '0123456789ABCDEF';

export class ByteLine {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(ROOM);
  length = 0;

  add(text: string): void {
    const { bytes, length: at } = this;
    const size = text.length;
    if (size > SHORT) {
      this.length = at + latin1Write(bytes, text, at);
      return;
    }
    const end = Math.min(at + size, ROOM);
    for (let to = at, from = 0; to < end; to++, from++) bytes[to] = text.charCodeAt(from);
    this.length = end;
  }

  addByte(byte: number): void {
    if (this.length < ROOM) this.bytes[this.length++] = byte;
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
    if (end > ROOM) return this.add(String(value));
    let rest = value;
    for (let to = end - 1; to >= at; to--) {
      const tens = (rest / 10) | 0;
      bytes[to] = ZERO + rest - tens * 10;
      rest = tens;
    }
    this.length = end;
  }

  /** A part of a text; bytes that `special` marks are written as `#` and two hexadecimal digits. */
  addEscaped(text: string, start: number, end: number, special: Uint8Array): void {
    const { bytes } = this;
    let to = this.length;
    const last = ROOM - 3;
    for (let from = start; from < end && to <= last; from++) {
      const byte = text.charCodeAt(from) & 0xff;
      if (special[byte] === 0) {
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
    const end = Math.min(at + size, ROOM);
    for (let to = at, from = 0; to < end; to++, from++) bytes[to] = piece[from] as number;
    this.length = end;
  }
}
