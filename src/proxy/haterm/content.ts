/** The bodies of `mode haterm`: lines of 50 bytes, or noise, cut from one block that all answers share. */
import { randomFillSync } from 'node:crypto';

const LINE = '.123456789.123456789.123456789.123456789.12345678\n';
/** Whole lines, and so much that one piece is all a connection waits for. */
const BLOCK_BYTES = 1400 * LINE.length;

const LINES = Buffer.from(LINE.repeat(BLOCK_BYTES / LINE.length), 'latin1');
let noise: Buffer | undefined;

/** The next piece of a body of which so many bytes are left. Not to be written to. */
export function pieceOf(left: number, random: boolean): Buffer {
  const block = random ? (noise ??= randomFillSync(Buffer.allocUnsafe(BLOCK_BYTES))) : LINES;
  return left >= BLOCK_BYTES ? block : block.subarray(0, left);
}
