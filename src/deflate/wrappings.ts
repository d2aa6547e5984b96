/** What stands around compressed content: gzip's format (RFC 1952), zlib's (RFC 1950), or nothing. */
import { crc32 } from 'node:zlib';
import { adler32 } from './adler32.ts';

export interface Wrapping {
  readonly head: Buffer;
  /** Content that was compressed. */
  add(content: Buffer): void;
  /** Behind the last of it; good until the next call of any. */
  trailer(): Buffer;
}

const NOTHING = Buffer.alloc(0);
const trailer = Buffer.alloc(8);

/** No name and no time; compressed fast (4), on Unix (3). */
const GZIP_HEAD = Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3);

export class GzipWrapping implements Wrapping {
  readonly head: Buffer = GZIP_HEAD;
  #crc = 0;
  #size = 0;

  add(content: Buffer): void {
    // as signed numbers, which V8 keeps in the object itself more often
    this.#crc = crc32(content, this.#crc >>> 0) | 0;
    this.#size = (this.#size + content.length) | 0;
  }

  trailer(): Buffer {
    trailer.writeInt32LE(this.#crc, 0);
    trailer.writeInt32LE(this.#size, 4);
    return trailer;
  }
}

/** Window of 32 KB, compressed fast. */
const ZLIB_HEAD = Buffer.of(0x78, 0x01);

export class ZlibWrapping implements Wrapping {
  readonly head: Buffer = ZLIB_HEAD;
  #checksum = 1;

  add(content: Buffer): void {
    this.#checksum = adler32(content, this.#checksum);
  }

  trailer(): Buffer {
    trailer.writeInt32BE(this.#checksum, 0);
    return trailer.subarray(0, 4);
  }
}

export const NO_WRAPPING: Wrapping = {
  head: NOTHING,
  add: () => undefined,
  trailer: () => NOTHING,
};
