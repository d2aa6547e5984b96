/**
 * Datagrams to one address, gathered and handed over by one sendmmsg(2): when the thread's handlers are done, or, where lines
 * follow each other fast, a few milliseconds after the handing over before, or when no more fit. Nothing here waits: what finds
 * no room is lost and counted.
 *
 * What a datagram costs is its way through the kernel, 3 µs each; so those of equal length, and one shorter behind them, make
 * the way as one (UDP_SEGMENT, udp(7)) and are cut apart at its end (docs/performance.md). That changes the order of the lines
 * of a busy turn; datagrams have none.
 *
 *   struct mmsghdr[COUNT]  name* namelen iov* iovlen control* controllen flags len      64 bytes each
 *   struct iovec[COUNT]    base* length                                                16 bytes each
 *   control[COUNT]         struct cmsghdr, the length of a segment                      24 bytes each
 *   bytes                  one datagram behind the other
 */
import type { ByteLine } from '../base/byte-line.ts';
import { addressOf } from './engines/uring/memory.ts';
import { AF_UNIX, sendDatagrams } from './system-calls.ts';

const COUNT = 64;
/** So long lines are gathered at most, where many came just before. */
const GATHER_MS = 4;
const MANY = 8;
const INDEX_BITS = 6;
/** So few keep their order: there is little to gain. */
const FEW = 16;
const MESSAGE = 64;
const IOV = 16;
const IOV_COUNT = 24;
const CONTROL_LENGTH = 40;
const VECTOR = 16;
const VECTORS_AT = COUNT * MESSAGE;
const CONTROL = 24;
const CONTROLS_AT = VECTORS_AT + COUNT * VECTOR;
/** Of the longest line (`len 65535`), and then some. */
const BYTES = 1 << 17;
const LF = 10;
const ECONNREFUSED = -111;
const SOL_UDP = 17;
const UDP_SEGMENT = 103;
/** A segment has to fit into a packet of the way; longer lines are cut into packets by IP. */
const LONGEST_SEGMENT = 1200;
/** Of all segments together. */
const MOST_SEGMENT_BYTES = 60_000;
/** EIO, EINVAL, EMSGSIZE, ENOPROTOOPT, EOPNOTSUPP: the kernel, or the device on the way, does not cut. */
const CANNOT_CUT = new Set([-5, -22, -90, -92, -95]);

export class DatagramBatch {
  lost = 0;
  readonly #fd: number;
  /** Kept: the headers point at it. */
  readonly #address: Buffer;
  readonly #headers = Buffer.alloc(CONTROLS_AT + COUNT * CONTROL);
  readonly #headersAddress = addressOf(this.#headers);
  readonly #bytes = Buffer.allocUnsafeSlow(BYTES);
  readonly #bytesAddress: number;
  readonly #flushNow = (): void => this.flush();
  readonly #timeIsOver = (): void => {
    this.#isWaiting = false;
    this.flush();
  };
  /** Used again and again. */
  #timer: NodeJS.Timeout | undefined;
  #isWaiting = false;
  /** When many lines were sent. */
  #busyMs = 0;
  readonly #starts = new Uint32Array(COUNT);
  readonly #lengths = new Uint32Array(COUNT);
  /** Lines in the order in which they are sent. */
  readonly #order = new Uint32Array(COUNT);
  /** How many lines a message carries. */
  readonly #carried = new Uint8Array(COUNT);
  #canCut: boolean;
  #count = 0;
  #used = 0;

  constructor(fd: number, address: Buffer) {
    this.#fd = fd;
    this.#address = Buffer.from(address);
    this.#canCut = address.readUInt16LE(0) !== AF_UNIX;
    this.#bytesAddress = addressOf(this.#bytes);
    const headers = this.#headers;
    const own = this.#headersAddress;
    for (let index = 0; index < COUNT; index++) {
      const at = index * MESSAGE;
      headers.writeBigUInt64LE(BigInt(addressOf(this.#address)), at);
      headers.writeUInt32LE(address.length, at + 8);
      headers.writeBigUInt64LE(BigInt(own + CONTROLS_AT + index * CONTROL), at + 32);
      const control = CONTROLS_AT + index * CONTROL;
      headers.writeUInt32LE(18, control);
      headers.writeUInt32LE(SOL_UDP, control + 8);
      headers.writeUInt32LE(UDP_SEGMENT, control + 12);
    }
  }

  /** Both together are cut to `room` bytes; an LF is put behind them. */
  add(header: Uint8Array, line: ByteLine, room: number): void {
    const length = Math.min(header.length + line.length, room);
    if (this.#count === COUNT || this.#used + length + 1 > BYTES) this.flush();
    if (this.#count === 0) this.#flushSoon();
    const start = this.#used;
    const into = this.#bytes;
    const parting = start + Math.min(header.length, length);
    for (let at = start; at < parting; at++) into[at] = header[at - start] as number;
    const body = line.bytes;
    for (let at = parting; at < start + length; at++) into[at] = body[at - parting] as number;
    into[start + length] = LF;
    this.#used = start + length + 1;
    this.#starts[this.#count] = start;
    this.#lengths[this.#count++] = length + 1;
  }

  #flushSoon(): void {
    if (this.#isWaiting) return;
    if (Date.now() - this.#busyMs > GATHER_MS) {
      queueMicrotask(this.#flushNow);
      return;
    }
    this.#isWaiting = true;
    if (this.#timer === undefined) this.#timer = setTimeout(this.#timeIsOver, GATHER_MS);
    else this.#timer.refresh();
  }

  flush(): void {
    const count = this.#count;
    if (count >= MANY) this.#busyMs = Date.now();
    this.#count = 0;
    this.#used = 0;
    if (count === 0) return;
    this.#sort(count);
    for (let at = 0; at < count;) at = this.#sendFrom(at, count);
  }

  /** The longest first, so that a shorter one is always at hand to end a message with. */
  #sort(count: number): void {
    const order = this.#order;
    const sorted = this.#canCut && count > FEW;
    for (let index = 0; index < count; index++)
      order[index] = sorted ? ((BYTES - (this.#lengths[index] as number)) << INDEX_BITS) | index : index;
    if (!sorted) return;
    order.subarray(0, count).sort();
    for (let at = 0; at < count; at++) order[at] = (order[at] as number) & (COUNT - 1);
  }

  /** Sends the lines from a place in the order on; gives the place to go on at. */
  #sendFrom(from: number, count: number): number {
    let messages = 0;
    for (let at = from; at < count; messages++) at += this.#compose(messages, at, count);
    for (let first = 0, at = from; first < messages;) {
      const sent = this.#send(first, messages - first);
      const over = Math.max(sent, 1);
      const carried = this.#carried[first] as number;
      if (sent <= 0 && carried > 1 && CANNOT_CUT.has(sent)) {
        this.#canCut = false;
        return at;
      }
      if (sent <= 0) this.lost += carried;
      for (let message = first; message < first + over; message++) at += this.#carried[message] as number;
      first += over;
    }
    return count;
  }

  /** One message of the lines from a place in the order on; gives how many it carries. */
  #compose(message: number, from: number, count: number): number {
    const order = this.#order;
    const segment = this.#lengths[order[from] as number] as number;
    const most = this.#canCut && segment <= LONGEST_SEGMENT ? Math.floor(MOST_SEGMENT_BYTES / segment) : 1;
    const end = Math.min(count, from + most);
    let at = from;
    let length = segment;
    while (at < end && length === segment) {
      length = this.#lengths[order[at] as number] as number;
      if (length > segment) break;
      this.#point(at, this.#starts[order[at] as number] as number, length);
      at++;
    }
    const header = message * MESSAGE;
    const carried = (this.#carried[message] = at - from);
    writeAddress(this.#headers, header + IOV, this.#headersAddress + VECTORS_AT + from * VECTOR);
    this.#headers[header + IOV_COUNT] = carried;
    this.#headers[header + CONTROL_LENGTH] = carried > 1 ? CONTROL : 0;
    this.#headers.writeUInt16LE(segment & 0xffff, CONTROLS_AT + message * CONTROL + 16);
    return carried;
  }

  #point(place: number, start: number, length: number): void {
    const at = VECTORS_AT + place * VECTOR;
    writeAddress(this.#headers, at, this.#bytesAddress + start);
    this.#headers.writeUInt32LE(length, at + 8);
  }

  /** A refusal is of an earlier datagram; the receiver may be there again. */
  #send(first: number, count: number): number {
    const at = this.#headers.subarray(first * MESSAGE);
    const sent = sendDatagrams(this.#fd, at, count);
    return sent === ECONNREFUSED ? sendDatagrams(this.#fd, at, count) : sent;
  }
}

function writeAddress(into: Buffer, at: number, address: number): void {
  into.writeUInt32LE(address >>> 0, at);
  into.writeUInt32LE(Math.floor(address / 4294967296), at + 4);
}
