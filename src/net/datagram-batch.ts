/**
 * Datagrams to one address, gathered while the thread's handlers run and handed over by one sendmmsg(2) when they
 * are done (or when no more fit). Nothing here waits: what finds no room is lost and counted. A flow of log lines
 * costs the kernel a few microseconds each whatever we do; entering it once for many is what can be saved
 * (docs/performance.md).
 *
 *   struct mmsghdr[COUNT]  name* namelen iov* iovlen control* controllen flags len      64 bytes each
 *   struct iovec[COUNT]    base* length                                                16 bytes each
 *   bytes                  one datagram behind the other
 */
import { latin1Write } from '../base/latin1.ts';
import { addressOf } from './engines/uring/memory.ts';
import { sendDatagrams } from './system-calls.ts';

const COUNT = 64;
const MESSAGE = 64;
const VECTOR = 16;
const VECTORS_AT = COUNT * MESSAGE;
/** Of the longest line (`len 65535`), and then some. */
const BYTES = 1 << 17;
const LF = 10;
const ECONNREFUSED = -111;

export class DatagramBatch {
  lost = 0;
  readonly #fd: number;
  /** Kept: the headers point at it. */
  readonly #address: Buffer;
  readonly #headers = Buffer.alloc(VECTORS_AT + COUNT * VECTOR);
  readonly #bytes = Buffer.allocUnsafeSlow(BYTES);
  readonly #bytesAddress: number;
  readonly #flushSoon = (): void => this.flush();
  #count = 0;
  #used = 0;

  constructor(fd: number, address: Buffer) {
    this.#fd = fd;
    this.#address = Buffer.from(address);
    this.#bytesAddress = addressOf(this.#bytes);
    const headers = this.#headers;
    const own = addressOf(headers);
    for (let index = 0; index < COUNT; index++) {
      const at = index * MESSAGE;
      headers.writeBigUInt64LE(BigInt(addressOf(this.#address)), at);
      headers.writeUInt32LE(address.length, at + 8);
      headers.writeBigUInt64LE(BigInt(own + VECTORS_AT + index * VECTOR), at + 16);
      headers.writeUInt32LE(1, at + 24);
    }
  }

  /** One char a byte, cut to `room` bytes; an LF is put behind it. */
  add(text: string, room: number): void {
    const length = Math.min(text.length, room);
    if (this.#count === COUNT || this.#used + length + 1 > BYTES) this.flush();
    if (this.#count === 0) queueMicrotask(this.#flushSoon);
    const start = this.#used;
    latin1Write(this.#bytes, length < text.length ? text.slice(0, length) : text, start);
    this.#bytes[start + length] = LF;
    this.#used = start + length + 1;
    this.#point(this.#count++, start, length + 1);
  }

  #point(index: number, start: number, length: number): void {
    const at = VECTORS_AT + index * VECTOR;
    const address = this.#bytesAddress + start;
    this.#headers.writeUInt32LE(address >>> 0, at);
    this.#headers.writeUInt32LE(Math.floor(address / 4294967296), at + 4);
    this.#headers.writeUInt32LE(length, at + 8);
  }

  flush(): void {
    const count = this.#count;
    this.#count = 0;
    this.#used = 0;
    for (let first = 0; first < count;) {
      const sent = this.#send(first, count - first);
      if (sent <= 0) this.lost++;
      first += Math.max(sent, 1);
    }
  }

  /** A refusal is of an earlier datagram; the receiver may be there again. */
  #send(first: number, count: number): number {
    const at = this.#headers.subarray(first * MESSAGE);
    const sent = sendDatagrams(this.#fd, at, count);
    return sent === ECONNREFUSED ? sendDatagrams(this.#fd, at, count) : sent;
  }
}
