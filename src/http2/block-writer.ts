/**
 * Writes a block of fields as HEADERS, and CONTINUATION where a peer takes only small frames (RFC 9113 section 4.3),
 * straight into what is sent. Between begin() and end() nothing else may be written.
 */
import {
  CONTINUATION,
  END_HEADERS,
  END_STREAM,
  FRAME_HEAD,
  HEADERS,
  LEAST_FRAME,
  writeFrameHead,
} from './frames.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import type { KeptBlocks } from './kept-blocks.ts';
import type { Output } from './output.ts';
import type { HeaderList } from '../http/header-list.ts';

/** What a field may take beside its name and value. */
export const FIELD_OVERHEAD = 16;
/** Room for pseudo-fields and whatever comes first. */
const SPARE = 128;

export class BlockWriter {
  readonly encoder = new HpackEncoder();
  readonly #output: Output;
  /** Where the head of the frame is to stand, the first field, and the next one. */
  #start = 0;
  #first = 0;
  #at = 0;
  maxFrame = LEAST_FRAME;

  constructor(output: Output) {
    this.#output = output;
  }

  /** `bytes`: of all names and values, and FIELD_OVERHEAD for each. */
  begin(bytes: number): void {
    const output = this.#output;
    output.reserve(FRAME_HEAD + SPARE + bytes);
    this.#start = output.length;
    this.#first = this.#at = this.encoder.begin(output.buffer, output.length + FRAME_HEAD);
  }

  status(status: number): void {
    this.#at = this.encoder.status(this.#output.buffer, this.#at, status);
  }

  /** `name` in lower case. */
  field(name: string, value: string): void {
    this.#at = this.encoder.field(this.#output.buffer, this.#at, name, value);
  }

  /** A value that stands in `source[from..to]`. */
  fieldBytes(name: string, source: Buffer, from: number, to: number): void {
    this.#at = this.encoder.fieldBytes(this.#output.buffer, this.#at, name, source, from, to);
  }

  /** A name in any case, and a value, that stand in `source`. */
  fieldOf(source: Buffer, nameFrom: number, nameTo: number, from: number, to: number): void {
    this.#at = this.encoder.fieldOf(this.#output.buffer, this.#at, source, nameFrom, nameTo, from, to);
  }

  /** All fields of a head that was kept. */
  kept(blocks: KeptBlocks, place: number): void {
    this.#at = blocks.write(place, this.#output.buffer, this.#at);
  }

  /** Keeps the fields so far: they are a whole head, whose lines have so many bytes. */
  keep(blocks: KeptBlocks, status: number, headers: HeaderList, size: number): void {
    if (this.#at >= 0) blocks.keep(status, headers, size, this.#output.buffer, this.#first, this.#at);
  }

  /** It cannot be told: end() says so. */
  spoil(): void {
    this.#at = -1;
  }

  /** False: it was more than begin() was told, or spoilt, and nothing is sent. */
  end(stream: number, endStream: boolean): boolean {
    const output = this.#output;
    if (this.#at < 0) return false;
    const length = this.#at - this.#start - FRAME_HEAD;
    const flags = endStream ? END_STREAM : 0;
    if (length > this.maxFrame) this.#split(stream, length, flags);
    else {
      writeFrameHead(output.buffer, this.#start, length, HEADERS, flags | END_HEADERS, stream);
      output.length = this.#at;
    }
    return true;
  }

  #split(stream: number, length: number, flags: number): void {
    const output = this.#output;
    const start = this.#start + FRAME_HEAD;
    const block = Buffer.from(output.buffer.subarray(start, start + length));
    output.length = this.#start;
    for (let at = 0; at < length; at += this.maxFrame) {
      const end = Math.min(length, at + this.maxFrame);
      const type = at === 0 ? HEADERS : CONTINUATION;
      output.frame(type, (at === 0 ? flags : 0) | (end === length ? END_HEADERS : 0), stream, end - at);
      output.bytes(block, at, end);
    }
  }
}
