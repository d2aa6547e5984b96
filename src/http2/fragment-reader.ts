/** Gathers the fragments of a block of fields: HEADERS, and the CONTINUATION behind it (RFC 9113 section 6.10). */
import { PADDED, WITH_PRIORITY, readStream } from './frames.ts';

/** Frames of one block. Nobody needs nearly as many. */
const MOST_FRAGMENTS = 256;
const PRIORITY_BYTES = 5;
/** So much CONTINUATION is nothing odd, nor is more of it, where there is one for so many bytes at most. */
const FEW_CONTINUATIONS = 4;
const USUAL_FRAGMENT = 1024;
/** So many that are odd count as one glitch. */
const FOR_ONE_GLITCH = 16;

export type HeadersProblem = 'none' | 'padding' | 'size' | 'priority';

export class FragmentReader {
  /** The stream whose block is incomplete; 0: none is. */
  stream = 0;
  endStream = false;
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  #fragments = 0;
  readonly #most: number;

  /** `most`: bytes of a whole block. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The payload of a HEADERS frame without padding and priority. */
  begin(flags: number, stream: number, bytes: Buffer, from: number, to: number): HeadersProblem {
    let start = from;
    let end = to;
    if ((flags & PADDED) !== 0) {
      if (start === end) return 'size';
      end -= bytes[start++] as number;
      if (end < start) return 'padding';
    }
    if ((flags & WITH_PRIORITY) !== 0) {
      if (end - start < PRIORITY_BYTES) return 'size';
      if (readStream(bytes, start) === stream) return 'priority';
      start += PRIORITY_BYTES;
    }
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    return 'none';
  }

  /** More is to come: what there is has to outlive its slice. */
  keep(stream: number, endStream: boolean): void {
    this.stream = stream;
    this.endStream = endStream;
    this.#fragments = 1;
    this.bytes = Buffer.from(this.bytes.subarray(this.start, this.end));
    this.start = 0;
    this.end = this.bytes.length;
  }

  /** False: that is too much. */
  add(bytes: Buffer, start: number, end: number): boolean {
    const length = this.end + end - start;
    if (length > this.#most || ++this.#fragments > MOST_FRAGMENTS) return false;
    if (length > this.bytes.length) {
      const larger = Buffer.allocUnsafe(length * 2);
      this.bytes.copy(larger, 0, 0, this.end);
      this.bytes = larger;
    }
    bytes.copy(this.bytes, this.end, start, end);
    this.end = length;
    return true;
  }

  /** How many glitches it is to have cut the block into so many pieces; 0: there is nothing odd about it. */
  get oddities(): number {
    const continuations = this.#fragments - 1;
    const isOdd = continuations > FEW_CONTINUATIONS && continuations > Math.floor(this.end / USUAL_FRAGMENT);
    return isOdd ? Math.ceil(continuations / FOR_ONE_GLITCH) : 0;
  }

  /** The block is used up. */
  clear(): void {
    this.stream = 0;
    this.bytes = EMPTY;
    this.start = this.end = 0;
  }
}

const EMPTY: Buffer = Buffer.alloc(0);
