/**
 * Messages out of a stream of bytes: class, type, and for types from 128 on a length and a body (peers.txt, "Messages").
 * The bytes of a message are valid until `next` is called again, or more bytes are added.
 */
import { LONGEST_VARINT, WireReader } from './varint.ts';
import { WITH_BODY } from './wire.ts';

/** `none`: not all of it is there yet. `outsized`: longer than can be. `malformed`: nobody can tell how long it is. */
type FrameState = 'message' | 'none' | 'outsized' | 'malformed';

export class FrameReader {
  readonly #longest: number;
  readonly #reader = new WireReader();
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  class = 0;
  type = 0;
  /** The body of the message. */
  readonly body = new WireReader();

  /** `longest`: bytes of a body. */
  constructor(longest: number) {
    this.#longest = longest;
  }

  add(bytes: Buffer): void {
    const left = this.#bytes.length - this.#at;
    this.#bytes = left === 0 ? bytes : Buffer.concat([this.#bytes.subarray(this.#at), bytes]);
    this.#at = 0;
  }

  /** Bytes that are no whole message yet. */
  get waiting(): number {
    return this.#bytes.length - this.#at;
  }

  next(): FrameState {
    const bytes = this.#bytes;
    const start = this.#at;
    if (bytes.length - start < 2) return 'none';
    this.class = bytes[start] as number;
    this.type = bytes[start + 1] as number;
    if (this.type < WITH_BODY) {
      this.#at = start + 2;
      this.body.from(bytes, this.#at, this.#at);
      return 'message';
    }
    return this.#withBody(start + 2);
  }

  #withBody(start: number): FrameState {
    const bytes = this.#bytes;
    const reader = this.#reader.from(bytes, start, bytes.length);
    const length = reader.varint();
    if (reader.failed) return bytes.length - start >= LONGEST_VARINT ? 'malformed' : 'none';
    if (length > this.#longest) return 'outsized';
    if (reader.left < length) return 'none';
    this.#at = reader.at + length;
    this.body.from(bytes, reader.at, this.#at);
    return 'message';
  }
}
