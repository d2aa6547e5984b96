/**
 * Cuts what comes from a peer into frames (RFC 9113 section 4.1). Payloads of DATA are passed on as they come, in
 * place; those of all other frames as a whole: where they lie, or gathered when they came in pieces.
 */
import { DATA, FRAME_HEAD, PADDED, PREFACE, readStream } from './frames.ts';

export interface FrameSink {
  /** A frame begins. False: it ends the connection, and nothing more is read. */
  frameBegins(type: number, flags: number, stream: number, length: number): boolean;
  /** All of it has come, of every type but DATA. */
  frameArrived(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): void;
  /** So much of the payload of DATA is padding, with its length. False as above: there is more of it than payload. */
  paddingArrived(stream: number, length: number, isPossible: boolean): boolean;
  /** A piece of the content of DATA; each frame has one that is its last, if an empty one. */
  dataArrived(
    stream: number,
    flags: number,
    bytes: Buffer,
    start: number,
    end: number,
    isLast: boolean,
  ): void;
  /** What came first is not what a connection begins with. */
  prefaceIsWrong(): void;
}

const AT_PREFACE = 0;
const AT_HEAD = 1;
const AT_PAYLOAD = 2;
const AT_PAD_LENGTH = 3;
const AT_DATA = 4;
const AT_PADDING = 5;
const STOPPED = 6;

export class FrameReader {
  readonly #sink: FrameSink;
  #state: number;
  /** Bytes of the preface or of a frame's head that have come. */
  #have = 0;
  readonly #head = Buffer.allocUnsafe(FRAME_HEAD);
  #type = 0;
  #flags = 0;
  #stream = 0;
  /** Bytes of payload, or of content, to come. */
  #left = 0;
  #padding = 0;
  /** A payload that comes in pieces. */
  #gathered: Buffer | undefined;

  constructor(sink: FrameSink, expectsPreface: boolean) {
    this.#sink = sink;
    this.#state = expectsPreface ? AT_PREFACE : AT_HEAD;
  }

  /** Nothing of what comes is read any more. */
  stop(): void {
    this.#state = STOPPED;
    this.#gathered = undefined;
  }

  /** Takes all of it, or keeps what is not a whole frame. */
  feed(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end && this.#state !== STOPPED) {
      if (this.#state === AT_HEAD) at = this.#readHead(bytes, at, end);
      else if (this.#state === AT_DATA) at = this.#readData(bytes, at, end);
      else if (this.#state === AT_PAYLOAD) at = this.#readPayload(bytes, at, end);
      else if (this.#state === AT_PADDING) at = this.#skipPadding(at, end);
      else if (this.#state === AT_PAD_LENGTH) this.#padLength(bytes[at++] as number);
      else at = this.#readPreface(bytes, at, end);
    }
  }

  #readPreface(bytes: Buffer, start: number, end: number): number {
    let at = start;
    for (; at < end && this.#have < PREFACE.length; at++)
      if (bytes[at] !== PREFACE[this.#have++]) {
        this.#sink.prefaceIsWrong();
        return end;
      }
    if (this.#have === PREFACE.length) this.#expectHead();
    return at;
  }

  #expectHead(): void {
    if (this.#state === STOPPED) return;
    this.#have = 0;
    this.#state = AT_HEAD;
  }

  #readHead(bytes: Buffer, start: number, end: number): number {
    if (this.#have === 0 && end - start >= FRAME_HEAD) {
      this.#begin(bytes, start);
      return start + FRAME_HEAD;
    }
    const length = Math.min(FRAME_HEAD - this.#have, end - start);
    bytes.copy(this.#head, this.#have, start, start + length);
    this.#have += length;
    if (this.#have === FRAME_HEAD) this.#begin(this.#head, 0);
    return start + length;
  }

  #begin(head: Buffer, at: number): void {
    const length = ((head[at] as number) << 16) | ((head[at + 1] as number) << 8) | (head[at + 2] as number);
    this.#type = head[at + 3] as number;
    this.#flags = head[at + 4] as number;
    this.#stream = readStream(head, at + 5);
    this.#left = length;
    this.#padding = 0;
    if (!this.#sink.frameBegins(this.#type, this.#flags, this.#stream, length)) return this.stop();
    if (this.#type === DATA) this.#beginData(length);
    else if (length > 0) this.#state = AT_PAYLOAD;
    else {
      this.#expectHead();
      this.#sink.frameArrived(this.#type, this.#flags, this.#stream, head, 0, 0);
    }
  }

  #beginData(length: number): void {
    if ((this.#flags & PADDED) !== 0) {
      this.#state = AT_PAD_LENGTH;
      if (length === 0 && !this.#sink.paddingArrived(this.#stream, 0, false)) this.stop();
    } else this.#beginContent(length);
  }

  #padLength(padding: number): void {
    const content = this.#left - 1 - padding;
    if (!this.#sink.paddingArrived(this.#stream, padding + 1, content >= 0)) return this.stop();
    this.#padding = padding;
    this.#beginContent(content);
  }

  #beginContent(length: number): void {
    this.#left = length;
    this.#state = AT_DATA;
    if (length === 0) this.#contentArrived(this.#head, 0, 0);
  }

  #contentArrived(bytes: Buffer, start: number, end: number): void {
    this.#left -= end - start;
    const isLast = this.#left === 0;
    if (isLast) {
      this.#left = this.#padding;
      if (this.#padding > 0) this.#state = AT_PADDING;
      else this.#expectHead();
    }
    this.#sink.dataArrived(this.#stream, this.#flags, bytes, start, end, isLast);
  }

  #readData(bytes: Buffer, start: number, end: number): number {
    const length = Math.min(this.#left, end - start);
    this.#contentArrived(bytes, start, start + length);
    return start + length;
  }

  #skipPadding(start: number, end: number): number {
    const length = Math.min(this.#left, end - start);
    this.#left -= length;
    if (this.#left === 0) this.#expectHead();
    return start + length;
  }

  #readPayload(bytes: Buffer, start: number, end: number): number {
    const length = Math.min(this.#left, end - start);
    const gathered = this.#gathered;
    if (gathered === undefined && length === this.#left) {
      this.#expectHead();
      this.#sink.frameArrived(this.#type, this.#flags, this.#stream, bytes, start, start + length);
      return start + length;
    }
    this.#gather(bytes, start, length);
    return start + length;
  }

  #gather(bytes: Buffer, start: number, length: number): void {
    const gathered = (this.#gathered ??= Buffer.allocUnsafe(this.#left));
    bytes.copy(gathered, gathered.length - this.#left, start, start + length);
    this.#left -= length;
    if (this.#left > 0) return;
    this.#gathered = undefined;
    this.#expectHead();
    this.#sink.frameArrived(this.#type, this.#flags, this.#stream, gathered, 0, gathered.length);
  }
}
