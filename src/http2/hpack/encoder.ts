/**
 * Writes field blocks (RFC 7541), as HAProxy does: what stands in the static table by its index, all else as literals
 * that go into no table, without Huffman code. So blocks do not depend on each other, and nothing is kept for a
 * connection.
 *
 * All functions write at `at` and give where the next one goes on; -1: there is no room. -1 for `at` stays -1, so that a
 * whole head may be written before looking.
 */
import { writeLatin1 } from '../../base/latin1.ts';
import { LOWER_TOKEN } from '../../http/char-class.ts';
import { INITIAL_TABLE_BYTES } from './decoder.ts';
import { LONGEST_INTEGER, writeInteger } from './integers.ts';
import { STATIC_COUNT, STATIC_NAMES, STATIC_VALUES, staticIndexIn, staticIndexOf } from './static-table.ts';

const INDEXED = 0x80;
const NO_TABLE = 0x20;
const NAME_MASK = 0x0f;
const TEXT_MASK = 0x7f;
/** A static name's index takes no more than this. */
const LONGEST_INDEX = 2;
/** Above this, a call to V8 is cheaper than a loop. */
const LONGEST_LOOP = 64;
const ZERO = 0x30;
const FIRST_STATUS = staticIndexOf(':status');
const STATUS_BYTES = LONGEST_INDEX + 1 + 3;

export class HpackEncoder {
  #saysNoTable = false;

  /**
   * The peer's SETTINGS_HEADER_TABLE_SIZE. One that is smaller than the initial size has to be answered (RFC 7541, section
   * 4.2), which `begin` does: with 0, as there is no table.
   */
  peerTableSize(bytes: number): void {
    if (bytes < INITIAL_TABLE_BYTES) this.#saysNoTable = true;
  }

  /** What has to come first in a block. It may be said in every one, so that none needs to be known as sent. */
  begin(out: Buffer, at: number): number {
    if (!this.#saysNoTable || at < 0) return at;
    if (at >= out.length) return -1;
    out[at] = NO_TABLE;
    return at + 1;
  }

  /** `status`: three digits. */
  status(out: Buffer, at: number, status: number): number {
    if (at < 0 || at + STATUS_BYTES > out.length) return -1;
    const index = indexOfStatus(status);
    if (index > 0) {
      out[at] = INDEXED | index;
      return at + 1;
    }
    out[at] = FIRST_STATUS;
    out[at + 1] = 3;
    out[at + 2] = ZERO + Math.trunc(status / 100);
    out[at + 3] = ZERO + (Math.trunc(status / 10) % 10);
    out[at + 4] = ZERO + (status % 10);
    return at + 5;
  }

  /** `name` in lower case. */
  field(out: Buffer, at: number, name: string, value: string): number {
    if (at < 0 || at + name.length + value.length + 3 * LONGEST_INTEGER > out.length) return -1;
    const index = staticIndexOf(name);
    if (index > 0) {
      const whole = indexOfWhole(index, name, value);
      if (whole > 0) {
        out[at] = INDEXED | whole;
        return at + 1;
      }
    }
    const textAt = index > 0 ? writeInteger(out, at, 0, NAME_MASK, index) : writeName(out, at, name);
    return writeLatin1(out, value, writeInteger(out, textAt, 0, TEXT_MASK, value.length));
  }

  /** The same for a value that stands in `source[from..to]`. */
  fieldBytes(out: Buffer, at: number, name: string, source: Buffer, from: number, to: number): number {
    if (at < 0 || at + name.length + to - from + 3 * LONGEST_INTEGER > out.length) return -1;
    const index = staticIndexOf(name);
    const textAt = index > 0 ? writeInteger(out, at, 0, NAME_MASK, index) : writeName(out, at, name);
    return writeBytes(out, textAt, source, from, to);
  }

  /** The same for a whole field of a head: its name, a token in any case, stands in `source[nameFrom..nameTo]`. */
  fieldOf(
    out: Buffer,
    at: number,
    source: Buffer,
    nameFrom: number,
    nameTo: number,
    from: number,
    to: number,
  ): number {
    if (at < 0 || at + nameTo - nameFrom + to - from + 3 * LONGEST_INTEGER > out.length) return -1;
    const index = staticIndexIn(source, nameFrom, nameTo);
    const textAt =
      index > 0
        ? writeInteger(out, at, 0, NAME_MASK, index)
        : writeLowerName(out, at, source, nameFrom, nameTo);
    return writeBytes(out, textAt, source, from, to);
  }
}

/** 0: it has no entry. */
function indexOfStatus(status: number): number {
  switch (status) {
    case 200:
      return 8;
    case 204:
      return 9;
    case 206:
      return 10;
    case 304:
      return 11;
    case 400:
      return 12;
    case 404:
      return 13;
    case 500:
      return 14;
    default:
      return 0;
  }
}

/** The entry of that name, the first being `index`, with that value; 0: there is none. */
function indexOfWhole(index: number, name: string, value: string): number {
  for (let entry = index; entry <= STATIC_COUNT && STATIC_NAMES[entry] === name; entry++)
    if (STATIC_VALUES[entry] === value) return entry;
  return 0;
}

function writeName(out: Buffer, at: number, name: string): number {
  out[at] = 0;
  return writeLatin1(out, name, writeInteger(out, at + 1, 0, TEXT_MASK, name.length));
}

function writeLowerName(out: Buffer, at: number, source: Buffer, from: number, to: number): number {
  out[at] = 0;
  let end = writeInteger(out, at + 1, 0, TEXT_MASK, to - from);
  for (let place = from; place < to; place++) out[end++] = LOWER_TOKEN[source[place] as number] as number;
  return end;
}

function writeBytes(out: Buffer, at: number, source: Buffer, from: number, to: number): number {
  const end = writeInteger(out, at, 0, TEXT_MASK, to - from);
  return to - from > LONGEST_LOOP
    ? end + source.copy(out, end, from, to)
    : copyBytes(out, end, source, from, to);
}

/** Four at a time: twice as fast as one by one. */
function copyBytes(out: Buffer, at: number, source: Buffer, from: number, to: number): number {
  let end = at;
  let place = from;
  for (; place + 4 <= to; place += 4, end += 4) {
    out[end] = source[place] as number;
    out[end + 1] = source[place + 1] as number;
    out[end + 2] = source[place + 2] as number;
    out[end + 3] = source[place + 3] as number;
  }
  while (place < to) out[end++] = source[place++] as number;
  return end;
}
