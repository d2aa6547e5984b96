/**
 * DEFLATE (RFC 1951) for content that passes: fast rather than small, and without memory of a stream. Each call's
 * content is compressed by itself, in blocks that end with a byte, so that one of these serves all streams of a thread, and
 * what comes out can be decompressed at once (docs/decisions/0015-own-deflate.md).
 */
import { FIXED_CODES, TEXT_CODES, type BlockCodes } from './block-codes.ts';
import { CompressionLoops } from './compression-loops.ts';
import { MOST_CONTENT } from './symbols.ts';

const STORED_HEADER = 5;
/** Before it turns out that a block is better stored: of a byte there are 12 bits at most. */
const MOST_CODED = (MOST_CONTENT * 12) / 8 + TEXT_CODES.header.length + 16;
/** Output of usual calls; that of a larger one is not kept. */
const KEPT_OUTPUT = 1 << 18;

/** Of a stored block that begins with a byte: that it is empty. */
const EMPTY = 0xffff_0000 | 0;
/** A last block with nothing but its end. */
const NO_CONTENT = Buffer.of(3, 0);
/** Symbols that are looked at to choose the codes of a block. */
const SAMPLES = 64;

/** Codes for text where they save more than they cost to tell. */
function chooseCodes(symbols: Int32Array, count: number): BlockCodes {
  const step = Math.ceil(count / SAMPLES);
  let saved = 0;
  for (let at = 0; at < count; at += step) {
    const symbol = symbols[at] as number;
    saved += FIXED_CODES.bitsOf(symbol) - TEXT_CODES.bitsOf(symbol);
  }
  return saved * step > TEXT_CODES.headerBits ? TEXT_CODES : FIXED_CODES;
}

export class Deflater {
  readonly #loops = new CompressionLoops();
  readonly #kept = Buffer.allocUnsafeSlow(KEPT_OUTPUT);

  /** `last`: nothing of its stream follows. What it gives is good until the next call. */
  deflate(content: Buffer, last: boolean): Buffer {
    const size = content.length;
    if (size === 0) return last ? NO_CONTENT : content;
    const room = size + STORED_HEADER * Math.ceil(size / MOST_CONTENT) + MOST_CODED;
    const output = room > KEPT_OUTPUT ? Buffer.allocUnsafeSlow(room) : this.#kept;
    let at = 0;
    for (let from = 0; from < size; from += MOST_CONTENT) {
      const to = Math.min(size, from + MOST_CONTENT);
      at = this.#block(content, from, to, last && to === size, output, at);
    }
    return output.subarray(0, at);
  }

  /** Gives where the next one begins. */
  #block(content: Buffer, from: number, to: number, last: boolean, output: Buffer, at: number): number {
    const coded = this.#coded(content, from, to, last, output, at);
    const stored = at + STORED_HEADER + to - from;
    if (stored <= coded) store(content, from, to, output, at);
    if (last) output[at] = (output[at] as number) | 1;
    return Math.min(coded, stored);
  }

  #coded(content: Buffer, from: number, to: number, last: boolean, output: Buffer, at: number): number {
    const loops = this.#loops;
    const count = loops.read(content, from, to);
    const bits = loops.write(count, chooseCodes(loops.symbols, count), output, at);
    if (last) return at + ((bits + 7) >>> 3);
    // three bits begin a stored block, which begins with a byte
    const aligned = at + ((bits + 3 + 7) >>> 3);
    output.writeInt32LE(EMPTY, aligned);
    return aligned + 4;
  }
}

function store(content: Buffer, from: number, to: number, output: Buffer, at: number): void {
  output[at] = 0;
  output.writeUInt16LE(to - from, at + 1);
  output.writeUInt16LE(~(to - from) & 0xffff, at + 3);
  content.copy(output, at + STORED_HEADER, from, to);
}
