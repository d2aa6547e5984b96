/**
 * Encoded integers (peers.txt, "Encoding"): one byte below 240, else 4 bits in the first byte and 7 in each further one.
 * Values are numbers: what has more than 53 bits loses its last ones.
 */

/** The longest that is ever written, or taken. */
export const LONGEST_VARINT = 10;

/** Where it ends. Fractions and signs are no part of it. */
export function writeVarint(target: Buffer, at: number, value: number): number {
  if (value < 0xf0) {
    target[at] = value;
    return at + 1;
  }
  target[at] = (value % 256) | 0xf0;
  let rest = Math.floor((value - 0xf0) / 16);
  let end = at + 1;
  for (; rest >= 0x80; end++) {
    target[end] = (rest % 128) | 0x80;
    rest = Math.floor((rest - 0x80) / 128);
  }
  target[end] = rest;
  return end + 1;
}

/** Reads what others wrote: it never goes beyond the end, and remembers that something was missing. */
export class WireReader {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  end = 0;
  /** Something that was asked for is not there; everything read since is 0. */
  failed = false;

  from(bytes: Buffer, start: number, end: number): this {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.failed = false;
    return this;
  }

  get left(): number {
    return this.end - this.at;
  }

  #fail(): number {
    this.failed = true;
    this.at = this.end;
    return 0;
  }

  varint(): number {
    if (this.at >= this.end) return this.#fail();
    let value = this.bytes[this.at++] as number;
    if (value < 0xf0) return value;
    for (let scale = 16, read = 1; read < LONGEST_VARINT; scale *= 128, read++) {
      if (this.at >= this.end) return this.#fail();
      const byte = this.bytes[this.at++] as number;
      value += byte * scale;
      if (byte < 0x80) return value;
    }
    return this.#fail();
  }

  uint32(): number {
    if (this.left < 4) return this.#fail();
    this.at += 4;
    return this.bytes.readUInt32BE(this.at - 4);
  }

  /** Steps over so many bytes; where they begin. */
  skip(length: number): number {
    if (length > this.left) return this.#fail();
    this.at += length;
    return this.at - length;
  }

  latin1(length: number): string {
    if (length > this.left) {
      this.#fail();
      return '';
    }
    this.at += length;
    return this.bytes.toString('latin1', this.at - length, this.at);
  }
}
