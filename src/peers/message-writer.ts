/** Messages on their way out, in one buffer that is handed over when a batch is full. */
import { LONGEST_VARINT, writeVarint } from './varint.ts';

const BATCH = 16_384;
/** Class, type, and the length of most bodies. */
const HEAD = 3;

export class MessageWriter {
  #buffer = Buffer.alloc(0);
  #at = 0;

  get length(): number {
    return this.#at;
  }

  text(text: string): void {
    this.#reserve(text.length);
    this.#at += this.#buffer.write(text, this.#at, 'latin1');
  }

  /** A message without a body. */
  plain(messageClass: number, type: number): void {
    this.#reserve(2);
    this.#buffer[this.#at++] = messageClass;
    this.#buffer[this.#at++] = type;
  }

  /** `write` puts the body at the given place and answers where it ends; `room`: of the longest body. */
  message(
    messageClass: number,
    type: number,
    room: number,
    write: (target: Buffer, at: number) => number,
  ): void {
    this.#reserve(HEAD + LONGEST_VARINT + room);
    const buffer = this.#buffer;
    const start = this.#at;
    buffer[start] = messageClass;
    buffer[start + 1] = type;
    const end = write(buffer, start + HEAD);
    const length = end - start - HEAD;
    const body = writeVarint(buffer, start + 2, length < 0xf0 ? length : 0);
    if (length < 0xf0) this.#at = end;
    else this.#at = this.#shift(body, end, length);
  }

  /** A body whose length takes more than one byte. */
  #shift(body: number, end: number, length: number): number {
    const buffer = this.#buffer;
    const room = length < 2288 ? 1 : 2;
    buffer.copyWithin(body + room, body, end);
    writeVarint(buffer, body - 1, length);
    return end + room;
  }

  #reserve(bytes: number): void {
    if (this.#buffer.length - this.#at >= bytes) return;
    const larger = Buffer.allocUnsafe(Math.max(BATCH, (this.#at + bytes) * 2));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }

  /** What was written; it is the reader's from now on. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#at);
    this.#buffer = this.#buffer.subarray(this.#at);
    this.#at = 0;
    return taken;
  }
}
