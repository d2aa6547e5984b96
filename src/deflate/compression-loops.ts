/** The two loops of compression and the memory they work in, compiled from assembly/ (docs/decisions/0015-own-deflate.md). */
import { compileModule, instantiate, type Memory } from '../base/webassembly.ts';
import type { BlockCodes } from './block-codes.ts';
import { assembly } from './generated/assembly.js';
import { MOST_CONTENT, SYMBOLS } from './symbols.ts';

interface Address {
  readonly value: number;
}

/** assembly/index.ts */
interface Exports {
  readonly memory: Memory;
  readonly CONTENT: Address;
  readonly SYMBOLS_OF_CONTENT: Address;
  readonly CODES: Address;
  readonly OUTPUT: Address;
  findSymbols(size: number): number;
  writeSymbols(count: number, start: number, first: number, held: number): number;
}

export class CompressionLoops {
  /** Symbols of the content that was read last. */
  readonly symbols: Int32Array;
  readonly #module: Exports;
  readonly #content: Buffer;
  readonly #output: Buffer;
  readonly #table: Int32Array;
  /** Those in `#table`. */
  #codes: BlockCodes | undefined;

  constructor() {
    const module = compileModule(Buffer.from(assembly, 'base64'));
    const exports = instantiate(module, {}) as unknown as Exports;
    const { buffer } = exports.memory;
    this.#module = exports;
    this.#content = Buffer.from(buffer, exports.CONTENT.value, MOST_CONTENT);
    this.symbols = new Int32Array(buffer, exports.SYMBOLS_OF_CONTENT.value, MOST_CONTENT + 2);
    this.#table = new Int32Array(buffer, exports.CODES.value, SYMBOLS);
    this.#output = Buffer.from(buffer, exports.OUTPUT.value);
  }

  /**
   * Finds the symbols of `content`, from byte `from` to before `to`; gives their number. There are never more of them than
   * bytes, of which there is one at least and MOST_CONTENT at most.
   */
  read(content: Buffer, from: number, to: number): number {
    content.copy(this.#content, 0, from, to);
    return this.#module.findSymbols(to - from);
  }

  /**
   * Writes the header of `codes`, the first `count` symbols and what ends them to `output`, from the byte `at` on; gives the number
   * of bits. Those up to the next byte, and the byte behind that, are zeros.
   */
  write(count: number, codes: BlockCodes, output: Buffer, at: number): number {
    if (this.#codes !== codes) this.#take(codes);
    const { header, headerRest, headerBits } = codes;
    header.copy(this.#output);
    const bits = this.#module.writeSymbols(count, header.length, headerRest, headerBits & 7);
    this.#output.copy(output, at, 0, ((bits + 7) >>> 3) + 1);
    return bits;
  }

  #take(codes: BlockCodes): void {
    this.#table.set(codes.table);
    this.#codes = codes;
  }
}
