/** The codes a block is written in, and how it tells its reader of them. */
import { fixedHeader, textHeader } from './block-header.ts';
import { FIXED_LENGTHS, TEXT_LENGTHS, type CodeLengths } from './code-lengths.ts';
import { prefixCodes, type Code } from './prefix-codes.ts';
import { FIRST_DISTANCE, FIRST_LENGTH, LAST_LENGTH, SYMBOLS } from './symbols.ts';

const TOTAL_AT = 24;
const LENGTH_AT = 16;

export class BlockCodes {
  /** By symbol: its code, from bit 16 on the code's length, from bit 24 on that with the extra bits. 24 bits at most. */
  readonly table: Int32Array;
  readonly headerBits: number;
  /** Whole bytes of the header, and the bits behind them. */
  readonly header: Buffer;
  readonly headerRest: number;

  constructor({ literals, distances }: CodeLengths, header: readonly Code[]) {
    this.table = new Int32Array(SYMBOLS);
    this.#add(0, prefixCodes(literals));
    this.#add(FIRST_DISTANCE, prefixCodes(distances));
    this.headerBits = header.reduce((sum, { bits }) => sum + bits, 0);
    const bytes = bytesOf(header);
    this.header = bytes.subarray(0, this.headerBits >>> 3);
    this.headerRest = this.headerBits % 8 === 0 ? 0 : (bytes.at(-1) as number);
  }

  #add(first: number, codes: readonly Code[]): void {
    for (const [index, { value, bits }] of codes.entries()) {
      const symbol = first + index;
      this.table[symbol] = value | (bits << LENGTH_AT) | ((bits + extraBits(symbol)) << TOTAL_AT);
    }
  }

  /** Bits that a symbol is sent in. */
  bitsOf(symbol: number): number {
    return (this.table[symbol & (SYMBOLS - 1)] as number) >>> TOTAL_AT;
  }
}

/** How many follow the code of a symbol. */
function extraBits(symbol: number): number {
  if (symbol >= FIRST_DISTANCE) return Math.max(0, (symbol - FIRST_DISTANCE - 2) >> 1);
  return symbol === LAST_LENGTH ? 0 : Math.max(0, (symbol - FIRST_LENGTH - 4) >> 2);
}

function bytesOf(codes: readonly Code[]): Buffer {
  const bits = codes.flatMap(code => Array.from({ length: code.bits }, (_, at) => (code.value >>> at) & 1));
  const bytes = Buffer.alloc(Math.ceil(bits.length / 8));
  for (const [at, bit] of bits.entries()) bytes[at >>> 3] = (bytes[at >>> 3] as number) | (bit << (at & 7));
  return bytes;
}

export const FIXED_CODES = new BlockCodes(FIXED_LENGTHS, fixedHeader());
export const TEXT_CODES = new BlockCodes(TEXT_LENGTHS, textHeader());
