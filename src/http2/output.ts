/**
 * Bytes for a peer that gather until somebody sends them: frames of all streams leave in one piece. While nothing
 * waits it owns no memory. What has to be said (answers to frames, heads) always finds room; contents only as long as
 * not much has gathered.
 */
import { FRAME_HEAD, writeFrameHead, writeUint32 } from './frames.ts';

/** Bytes of a buffer; some of it is kept for what has to be said beside contents. */
const SIZE = 65_536;
const RESERVE = 4096;
const KEPT_AT_MOST = 64;

/** More is copied by V8, which needs an object for it. */
const LONGEST_LOOP = 100;

const free: Buffer[] = [];
const NONE: Buffer = Buffer.alloc(0);

export class Output {
  buffer: Buffer = NONE;
  length = 0;
  /** Is shown what is taken (a trace); undefined: nobody is. */
  watcher: ((bytes: Buffer, length: number) => void) | undefined = undefined;

  /** Bytes of content, with the heads of their frames, that may be added now. */
  get room(): number {
    return SIZE - RESERVE - this.length;
  }

  /** So many bytes can be written behind what there is. */
  reserve(bytes: number): void {
    if (this.length + bytes > this.buffer.length) this.#grow(bytes);
  }

  #grow(bytes: number): void {
    const wanted = this.length + bytes;
    const { buffer } = this;
    this.buffer =
      wanted <= SIZE ? (free.pop() ?? Buffer.allocUnsafeSlow(SIZE)) : Buffer.allocUnsafeSlow(wanted * 2);
    buffer.copy(this.buffer, 0, 0, this.length);
    giveBack(buffer);
  }

  /** The head of a frame; its payload is the caller's to write, behind it. */
  frame(type: number, flags: number, stream: number, length: number): void {
    this.reserve(FRAME_HEAD + length);
    this.length = writeFrameHead(this.buffer, this.length, length, type, flags, stream);
  }

  uint16(value: number): void {
    this.buffer[this.length++] = value >>> 8;
    this.buffer[this.length++] = value;
  }

  uint32(value: number): void {
    writeUint32(this.buffer, value, this.length);
    this.length += 4;
  }

  bytes(source: Uint8Array, start: number, end: number): void {
    const { buffer, length } = this;
    this.length = length + end - start;
    if (end - start > LONGEST_LOOP) buffer.set(source.subarray(start, end), length);
    else for (let from = start, to = length; from < end; from++, to++) buffer[to] = source[from] as number;
  }

  /** What has gathered becomes the caller's, up to `length`, which it has to read before. */
  take(): Buffer {
    const { buffer } = this;
    if (this.length > 0) this.watcher?.(buffer, this.length);
    this.buffer = NONE;
    this.length = 0;
    return buffer;
  }

  /** Nobody is to hear it. */
  drop(): void {
    this.watcher = undefined;
    giveBack(this.take());
  }
}

/** One that was taken, when its bytes are sent. */
export function giveBack(buffer: Buffer): void {
  if (buffer.length === SIZE && free.length < KEPT_AT_MOST) free.push(buffer);
}
