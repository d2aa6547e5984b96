/**
 * Makes whole records of what comes in pieces. A piece is borrowed: whole records are opened where they lie in it, and the
 * begin of one that goes on in the next piece is kept in memory of our own.
 *
 *   piece    │ end of a record │ record │ record │ begin of a record │
 *                 └─ joined to the part that is kept        └─ kept
 */
import { HEADER_BYTES, MOST_RECORD } from './record-cipher.ts';
import { incoming, OWN_HEADROOM } from './record-buffers.ts';
import { NO_RECORD, type RecordFault, TOO_LONG } from './record-faults.ts';

/** Of all versions since SSLv3. */
const MAJOR_VERSION = 3;

export class RecordIntake {
  /** The record that next() has found. */
  buffer: Buffer | undefined = undefined;
  at = 0;
  length = 0;
  #piece: Buffer | undefined = undefined;
  #from = 0;
  #end = 0;
  #part: Buffer | undefined = undefined;
  #partLength = 0;

  /** Lent until next() has found no record any more. */
  take(piece: Buffer, offset: number, length: number): void {
    if (this.#piece !== undefined) {
      const left = this.#piece.subarray(this.#from, this.#end);
      return this.#lay(
        Buffer.concat([left, piece.subarray(offset, offset + length)]),
        0,
        left.length + length,
      );
    }
    this.#lay(piece, offset, length);
  }

  #lay(piece: Buffer, from: number, length: number): void {
    this.#piece = piece;
    this.#from = from;
    this.#end = from + length;
  }

  /** No whole record is left of the piece. */
  get isDry(): boolean {
    return this.#piece === undefined;
  }

  /** Whether `buffer` is memory of our own, the caller's from now on: to be given to `incoming`. */
  get isOwn(): boolean {
    return this.buffer !== this.#piece && this.buffer !== undefined;
  }

  /** False: more must come. */
  next(): boolean | RecordFault {
    const piece = this.#piece;
    if (piece === undefined) return false;
    if (this.#part !== undefined) return this.#join(piece, this.#part);
    const left = this.#end - this.#from;
    const length = left < HEADER_BYTES ? Infinity : recordLength(piece, this.#from);
    if (length > left || length > MOST_RECORD) return this.#keep(piece, left);
    this.buffer = piece;
    this.at = this.#from;
    this.length = length;
    this.#from += length;
    return true;
  }

  /** The bytes kept of a record that is not whole, and of the piece: for who goes on in another way. */
  drop(): void {
    if (this.#part !== undefined) incoming.give(this.#part);
    this.#part = undefined;
    this.#piece = undefined;
    this.buffer = undefined;
  }

  #keep(piece: Buffer, left: number): false | RecordFault {
    const fault = left < HEADER_BYTES ? undefined : faultOf(piece, this.#from);
    if (fault !== undefined) return fault;
    this.#piece = undefined;
    this.buffer = undefined;
    if (left === 0) return false;
    this.#part = incoming.take();
    this.#partLength = piece.copy(this.#part, OWN_HEADROOM, this.#from, this.#end);
    return false;
  }

  #join(piece: Buffer, part: Buffer): boolean | RecordFault {
    if (!this.#fill(piece, part, HEADER_BYTES)) return false;
    const fault = faultOf(part, OWN_HEADROOM);
    if (fault !== undefined) return fault;
    const length = recordLength(part, OWN_HEADROOM);
    if (!this.#fill(piece, part, length)) return false;
    this.#part = undefined;
    if (this.#from === this.#end) this.#piece = undefined;
    this.buffer = part;
    this.at = OWN_HEADROOM;
    this.length = length;
    return true;
  }

  /** Whether the part has so many bytes. */
  #fill(piece: Buffer, part: Buffer, wanted: number): boolean {
    const missing = wanted - this.#partLength;
    if (missing > 0) {
      const end = Math.min(this.#from + missing, this.#end);
      const copied = piece.copy(part, OWN_HEADROOM + this.#partLength, this.#from, end);
      this.#partLength += copied;
      this.#from += copied;
    }
    if (this.#partLength >= wanted) return true;
    this.#piece = undefined;
    return false;
  }
}

function recordLength(buffer: Buffer, at: number): number {
  return HEADER_BYTES + ((buffer[at + 3] as number) << 8) + (buffer[at + 4] as number);
}

/** By its header: what is whole and has another version is found out when it is opened. */
function faultOf(buffer: Buffer, at: number): RecordFault | undefined {
  if (buffer[at + 1] !== MAJOR_VERSION) return NO_RECORD;
  return recordLength(buffer, at) > MOST_RECORD ? TOO_LONG : undefined;
}
