/**
 * Datagrams to one address, gathered and handed over by one sendmmsg(2): when the thread's handlers are done, or, where lines
 * follow each other fast, a few milliseconds after the handing over before, or when no more fit. Nothing here waits: what finds
 * no room is lost and counted. A line is copied in (add), or written where it will lie (begin, end).
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
import { ByteLine } from '../base/byte-line.ts';
import { monotonicMs } from '../base/clock.ts';
import { addressOf } from './memory-address.ts';
import { LengthOrder } from './length-order.ts';
import { AF_UNIX, sendDatagrams } from './system-calls.ts';

const COUNT = 128;
/** So long lines are gathered at most, where many came just before. */
const GATHER_MS = 4;
const MANY = 8;
/** So few keep their order: there is little to gain. */
const FEW = 16;
const MESSAGE = 64;
const IOV = 16;
const IOV_COUNT = 24;
const CONTROL_LENGTH = 40;
const VECTOR = 16;
const VECTORS_AT = COUNT * MESSAGE;
const CONTROL = 24;
const CONTROL_DATA = 16;
const CONTROLS_AT = VECTORS_AT + COUNT * VECTOR;
/** Of the longest line (`len 65535`), its header and its end. */
const LONGEST = (1 << 16) + 4096;
const BYTES = 2 * LONGEST;
const LF = 10;
const ECONNREFUSED = -111;
const SOL_UDP = 17;
const UDP_SEGMENT = 103;
/** A segment has to fit into a packet of the way; longer lines are cut into packets by IP. */
const LONGEST_SEGMENT = 1200;
/** Of a message, in any kernel that knows segments (UDP_MAX_SEGMENTS). */
const MOST_SEGMENTS = 64;
/** Of all of them together. */
const MOST_SEGMENT_BYTES = 60_000;
/** EIO, EINVAL, EMSGSIZE, ENOPROTOOPT, EOPNOTSUPP: the kernel, or the device on the way, does not cut. */
const CANNOT_CUT = new Set([-5, -22, -90, -92, -95]);

const NO_HEADER = new Uint8Array(0);

export class DatagramBatch {
  lost = 0;
  readonly #fd: number;
  /** Kept: the headers point at it. */
  readonly #address: Buffer;
  readonly #headers = Buffer.alloc(CONTROLS_AT + COUNT * CONTROL);
  /** The same memory. */
  readonly #words = new Uint32Array(this.#headers.buffer, this.#headers.byteOffset, this.#headers.length / 4);
  readonly #headersAddress = addressOf(this.#headers);
  /** The line that is being written lies in them. */
  readonly #line = new ByteLine(Buffer.allocUnsafeSlow(BYTES));
  readonly #lineWords = new Uint32Array(this.#line.bytes.buffer, this.#line.bytes.byteOffset, BYTES / 4);
  readonly #bytesAddress = addressOf(this.#line.bytes);
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
  readonly #order = new LengthOrder(COUNT, LONGEST_SEGMENT);
  /** How many lines a message carries. */
  readonly #carried = new Uint8Array(COUNT);
  #canCut: boolean;
  #count = 0;
  #used = 0;
  /** Of the line that is being written, and as words, with which it is copied four bytes at a time. */
  #header: Uint8Array = NO_HEADER;
  #headerBytes = new Uint8Array(256);
  #headerWords = new Uint32Array(this.#headerBytes.buffer);

  constructor(fd: number, address: Buffer) {
    this.#fd = fd;
    this.#address = Buffer.from(address);
    this.#canCut = address.readUInt16LE(0) !== AF_UNIX;
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
  add(header: Uint8Array, { bytes, length }: ByteLine, room: number): void {
    const line = this.begin(header);
    line.addStart(bytes, length);
    this.end(room);
  }

  /** What is put behind the header in this line is sent, once end() is called: before anything else is done here. */
  begin(header: Uint8Array): ByteLine {
    if (this.#count === COUNT || this.#used + LONGEST > BYTES) this.flush();
    const line = this.#line;
    const start = this.#used;
    line.limit = start + LONGEST - 1;
    if (header !== this.#header) this.#keepHeader(header);
    const from = this.#headerWords;
    const into = this.#lineWords;
    const count = (header.length + 3) >> 2;
    for (let index = 0, to = start >> 2; index < count; index++, to++) into[to] = from[index] as number;
    line.length = start + header.length;
    return line;
  }

  /** Mostly it is that of the line before. */
  #keepHeader(header: Uint8Array): void {
    this.#header = header;
    if (header.length > this.#headerBytes.length) {
      this.#headerBytes = new Uint8Array((header.length + 3) & ~3);
      this.#headerWords = new Uint32Array(this.#headerBytes.buffer);
    }
    const bytes = this.#headerBytes;
    for (let at = 0; at < header.length; at++) bytes[at] = header[at] as number;
  }

  /** The line is complete: what it ends with is cut, then it to `room` bytes. One that is empty is not sent. */
  end(room: number): void {
    const line = this.#line;
    const start = this.#used;
    const body = start + this.#header.length;
    line.cutEnd(body);
    if (line.length === body) return;
    const length = Math.min(line.length - start, room);
    line.bytes[start + length] = LF;
    if (this.#count === 0) this.#flushSoon();
    this.#starts[this.#count] = start;
    this.#lengths[this.#count++] = length + 1;
    // lines begin at whole words
    this.#used = (start + length + 4) & ~3;
  }

  #flushSoon(): void {
    if (this.#isWaiting) return;
    if (monotonicMs() - this.#busyMs > GATHER_MS) {
      queueMicrotask(this.#flushNow);
      return;
    }
    this.#isWaiting = true;
    if (this.#timer === undefined) this.#timer = setTimeout(this.#timeIsOver, GATHER_MS);
    else this.#timer.refresh();
  }

  flush(): void {
    const count = this.#count;
    if (count >= MANY) this.#busyMs = monotonicMs();
    this.#count = 0;
    this.#used = 0;
    if (count === 0) return;
    if (this.#canCut && count > FEW) this.#order.sort(this.#lengths, count);
    else this.#order.keep(count);
    for (let at = 0; at < count;) at = this.#sendFrom(at, count);
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
    const { places } = this.#order;
    const words = this.#words;
    const segment = this.#lengths[places[from] as number] as number;
    const most = this.#canCut && segment <= LONGEST_SEGMENT ? mostSegments(segment) : 1;
    const end = Math.min(count, from + most);
    let at = from;
    let length = segment;
    while (at < end && length === segment) {
      const place = places[at] as number;
      length = this.#lengths[place] as number;
      if (length > segment) break;
      const vector = VECTORS_AT + at * VECTOR;
      writeAddress(words, vector, this.#bytesAddress + (this.#starts[place] as number));
      words[(vector + 8) >> 2] = length;
      at++;
    }
    const header = message * MESSAGE;
    const carried = (this.#carried[message] = at - from);
    writeAddress(words, header + IOV, this.#headersAddress + VECTORS_AT + from * VECTOR);
    words[(header + IOV_COUNT) >> 2] = carried;
    words[(header + CONTROL_LENGTH) >> 2] = carried > 1 ? CONTROL : 0;
    words[(CONTROLS_AT + message * CONTROL + CONTROL_DATA) >> 2] = segment & 0xffff;
    return carried;
  }

  /** A refusal is of an earlier datagram; the receiver may be there again. */
  #send(first: number, count: number): number {
    const at = this.#headers.subarray(first * MESSAGE);
    const sent = sendDatagrams(this.#fd, at, count);
    return sent === ECONNREFUSED ? sendDatagrams(this.#fd, at, count) : sent;
  }
}

function mostSegments(length: number): number {
  return Math.min(MOST_SEGMENTS, Math.floor(MOST_SEGMENT_BYTES / length));
}

function writeAddress(words: Uint32Array, at: number, address: number): void {
  words[at >> 2] = address >>> 0;
  words[(at >> 2) + 1] = Math.floor(address / 4294967296);
}
