/**
 * The memory of a buffer as 32-bit words, so that text can be checked four bytes at a time. Making such a view
 * costs more than it saves once; it is made for memory that comes again, as an engine's receive buffers do.
 */
let memory: ArrayBufferLike | undefined;
let words: Int32Array | undefined;

/** Word n holds the bytes 4n to 4n+3 of `buffer.buffer`. Undefined: not worth it. */
export function wordsOf(buffer: Buffer): Int32Array | undefined {
  if (buffer.buffer !== memory) {
    memory = buffer.buffer;
    words = undefined;
  } else if (words === undefined) words = new Int32Array(memory, 0, memory.byteLength >> 2);
  return words;
}
