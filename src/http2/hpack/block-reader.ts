/** Reads the parts of a block (RFC 7541, section 5): integers, and texts with or without Huffman code. */
import { latin1Slice } from '../../base/latin1.ts';
import { decodeHuffman, longestText } from './huffman.ts';
import { readInteger, type Cursor } from './integers.ts';
import { nameIn } from './known-names.ts';

const NOTHING = Buffer.alloc(0);
const HUFFMAN = 0x80;
/** Kept for all blocks of a thread; a text that may become longer gets room of its own. */
const room = Buffer.allocUnsafeSlow(16_384);

export class BlockReader implements Cursor {
  bytes: Buffer = NOTHING;
  at = 0;
  end = 0;
  /** What the last text was found in. */
  #source: Buffer = NOTHING;
  #from = 0;
  #to = 0;

  open(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** Holds no buffer from here on. */
  close(): void {
    this.bytes = NOTHING;
    this.#source = NOTHING;
  }

  /** Undefined: it is cut short, or its code is wrong. */
  value(): string | undefined {
    if (!this.#find()) return undefined;
    return this.#from === this.#to ? '' : latin1Slice(this.#source, this.#from, this.#to);
  }

  name(): string | undefined {
    return this.#find() ? nameIn(this.#source, this.#from, this.#to) : undefined;
  }

  #find(): boolean {
    if (this.at >= this.end) return false;
    const isCoded = (this.bytes[this.at] as number) >= HUFFMAN;
    const length = readInteger(this, HUFFMAN - 1);
    const from = this.at;
    if (length < 0 || length > this.end - from) return false;
    this.at = from + length;
    if (isCoded) return this.#decode(from, from + length);
    this.#source = this.bytes;
    this.#from = from;
    this.#to = from + length;
    return true;
  }

  #decode(from: number, to: number): boolean {
    const most = longestText(to - from);
    this.#source = most <= room.length ? room : Buffer.allocUnsafeSlow(most);
    this.#from = 0;
    this.#to = decodeHuffman(this.bytes, from, to, this.#source);
    return this.#to >= 0;
  }
}
