/** The coders of a thread: its own compression, or zlib's where a configuration asks for that. */
import { BufferPool } from '../../net/buffer-pool.ts';
import { Deflater } from '../../deflate/deflater.ts';
import { GzipWrapping, NO_WRAPPING, ZlibWrapping, type Wrapping } from '../../deflate/wrappings.ts';
import type { ZlibSettings } from '../../state/zlib-memory.ts';
import { PlainCoder, type CodingName, type ContentCoder } from './content-coder.ts';
import { DeflateCoder } from './deflate-coder.ts';
import { ZlibCoder } from './zlib-coder.ts';

/** What becomes of a slice, framed, as a rule. */
const OUTPUT_BYTES = 32_768;

type Compressed = Exclude<CodingName, 'identity'>;

function wrappingOf(coding: Compressed): Wrapping {
  if (coding === 'gzip') return new GzipWrapping();
  return coding === 'deflate' ? new ZlibWrapping() : NO_WRAPPING;
}

export class ContentCoders {
  readonly #zlib: ZlibSettings | undefined;
  readonly #idle: Readonly<Record<Compressed, ZlibCoder[]>> = { gzip: [], deflate: [], 'raw-deflate': [] };
  readonly #outputs = new BufferPool(OUTPUT_BYTES);
  #deflater: Deflater | undefined;

  /** Without settings for it zlib is not used. */
  constructor(zlib: ZlibSettings | undefined) {
    this.#zlib = zlib;
  }

  take(coding: CodingName): ContentCoder {
    if (coding === 'identity') return new PlainCoder();
    if (this.#zlib !== undefined) return this.#zlibCoder(coding, this.#zlib);
    this.#deflater ??= new Deflater();
    return new DeflateCoder(this.#deflater, wrappingOf(coding), this.#outputs);
  }

  #zlibCoder(coding: Compressed, settings: ZlibSettings): ContentCoder {
    const idle = this.#idle[coding];
    return idle.pop() ?? new ZlibCoder(coding, settings, idle);
  }
}
