/** Writes blocks: their header, and the codes of symbols behind each other. */
import type { BlockCodes } from './block-codes.ts';
import { EXTRA_AT, SYMBOLS } from './symbols.ts';

/** Bytes behind the last one that may be written, too. */
export const WRITING_ROOM = 4;

/**
 * Writes `count` symbols from the byte `start` on; gives the number of bits. Those up to the next byte, and the byte
 * behind that, are zeros. There is no branch in the loop: where a byte ends cannot be foreseen.
 */
export function writeBlock(
  symbols: Int32Array,
  count: number,
  codes: BlockCodes,
  output: DataView,
  start: number,
): number {
  const { table, header } = codes;
  let at = start;
  for (let index = 0; index < header.length; index++) output.setUint8(at++, header[index] as number);
  let queue = codes.headerRest;
  let held = codes.headerBits & 7;
  for (let index = 0; index < count; index++) {
    const symbol = symbols[index] as number;
    const code = table[symbol & (SYMBOLS - 1)] as number;
    // shifts are by the low five bits: the length of the code
    queue |= ((code & 0xffff) | ((symbol >>> EXTRA_AT) << (code >>> 16))) << held;
    held += code >>> 24;
    output.setInt32(at, queue, true);
    at += held >>> 3;
    queue >>>= held & 24;
    held &= 7;
  }
  return 8 * (at - start) + held;
}
