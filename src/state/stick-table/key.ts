/**
 * The key that is being looked up: bytes as they lie in an entry, and their hash. One for each table and thread,
 * filled by the `load` functions, so that a lookup allocates nothing.
 */
import type { IpAddress } from '../../base/ip-address.ts';

export class StickKey {
  readonly words: Int32Array;
  /** Bytes of it that count. */
  length = 0;
  hash = 0;
  readonly #bytes: Uint8Array;
  readonly #seed: number;

  /** `bytes`: of the longest key; `seed`: makes chains that nobody can foresee. */
  constructor(bytes: number, seed: number) {
    this.words = new Int32Array(Math.ceil(bytes / 4));
    this.#bytes = new Uint8Array(this.words.buffer, 0, bytes);
    this.#seed = seed;
  }

  loadIpv4(ip: IpAddress): void {
    this.words[0] = ip.w3;
    this.#loaded(4);
  }

  loadIpv6({ w0, w1, w2, w3 }: IpAddress): void {
    const { words } = this;
    words[0] = w0;
    words[1] = w1;
    words[2] = w2;
    words[3] = w3;
    this.#loaded(16);
  }

  loadInteger(value: number): void {
    this.words[0] = value;
    this.#loaded(4);
  }

  /** One char a byte; ends at a NUL, and where the table's length ends. */
  loadText(text: string): void {
    const bytes = this.#bytes;
    const longest = Math.min(text.length, bytes.length);
    let length = 0;
    for (; length < longest; length++) {
      const code = text.charCodeAt(length);
      if (code === 0) break;
      bytes[length] = code;
    }
    this.#pad(length);
    this.#loaded(length);
  }

  /** Cut, or padded with zeros, to the table's length. */
  loadBinary(text: string): void {
    const bytes = this.#bytes;
    const length = Math.min(text.length, bytes.length);
    for (let index = 0; index < length; index++) bytes[index] = text.charCodeAt(index);
    this.#pad(length);
    this.#loaded(bytes.length);
  }

  /** Addresses and integers as they come from the network. */
  loadNetworkWords(bytes: Buffer, at: number): void {
    const { words } = this;
    const length = this.#bytes.length;
    for (let word = 0; word * 4 < length; word++) words[word] = bytes.readInt32BE(at + word * 4);
    this.#loaded(length);
  }

  /** The same key in another table. */
  copyFrom(words: Int32Array, at: number, length: number): void {
    const count = this.words.length;
    for (let index = 0; index < count; index++) this.words[index] = words[at + index] as number;
    this.#loaded(length);
  }

  /** Zeros behind the text, as far as its words are compared. */
  #pad(length: number): void {
    const bytes = this.#bytes;
    const end = Math.min(bytes.length, (length + 3) & ~3);
    for (let index = length; index < end; index++) bytes[index] = 0;
    const { words } = this;
    for (let index = (length + 3) >>> 2; index < words.length; index++) words[index] = 0;
  }

  #loaded(length: number): void {
    const { words } = this;
    const count = (length + 3) >>> 2;
    let hash = this.#seed ^ length;
    for (let index = 0; index < count; index++) {
      hash = Math.imul(hash ^ (words[index] as number), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ (hash >>> 13), 0x85ebca6b);
    this.length = length;
    this.hash = hash ^ (hash >>> 16);
  }
}
