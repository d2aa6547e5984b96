/**
 * Streams that were drawn, through one compressor in turns, in all three formats: zlib reads what they were.
 * scripts/fuzz.mjs makes it longer.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { Deflater } from '../../src/deflate/deflater.ts';
import { GzipWrapping, NO_WRAPPING, ZlibWrapping, type Wrapping } from '../../src/deflate/wrappings.ts';
import { randomNumbers } from '../support/random-numbers.ts';

const SECONDS = Number(process.env['LB_FUZZ_SECONDS'] ?? 1);
const SEED = Number(process.env['LB_FUZZ_SEED'] ?? 1);
const STREAMS = 4;
const LONGEST = 90_000;

type Below = (limit: number) => number;

/** Adds a run, noise, text, or what was there before, a little changed. */
function extend(content: Buffer, below: Below): Buffer {
  const size = 1 + below(below(2) === 0 ? 40 : 20_000);
  const kind = below(5);
  const base = below(256);
  const spread = 1 + below(256);
  if (kind === 0) return Buffer.concat([content, Buffer.alloc(size, base)]);
  if (kind <= 2)
    return Buffer.concat([content, Buffer.from(Array.from({ length: size }, () => base + below(spread)))]);
  const from = below(content.length + 1);
  const copy = Buffer.from(content.subarray(from, from + size));
  for (let changes = below(6); changes > 0 && copy.length > 0; changes--) copy[below(copy.length)] = base;
  return Buffer.concat([content, copy]);
}

function drawnContent(below: Below): Buffer {
  let content: Buffer = Buffer.alloc(0);
  const size = below(8) === 0 ? 0 : 1 + below(LONGEST);
  while (content.length < size) content = extend(content, below);
  return content;
}

class Stream {
  readonly content: Buffer;
  readonly #wrapping: Wrapping;
  readonly #read: (bytes: Buffer) => Buffer;
  readonly #coded: Buffer[] = [];
  #at = 0;
  done = false;

  constructor(below: Below) {
    const [wrapping, read] = (
      [
        [new GzipWrapping(), gunzipSync],
        [new ZlibWrapping(), inflateSync],
        [NO_WRAPPING, inflateRawSync],
      ] as const
    )[below(3)] as readonly [Wrapping, (bytes: Buffer) => Buffer];
    this.#wrapping = wrapping;
    this.#read = read;
    this.content = drawnContent(below);
    this.#coded.push(wrapping.head);
  }

  /** The end may come with the last bytes or behind them. */
  step(deflater: Deflater, below: Below): void {
    const left = this.content.length - this.#at;
    const slice = below(4) === 0 ? left : Math.min(left, below(1 << below(17)));
    const part = this.content.subarray(this.#at, this.#at + slice);
    this.#at += slice;
    this.done = slice === left && below(2) === 0;
    this.#wrapping.add(part);
    this.#coded.push(Buffer.from(deflater.deflate(part, this.done)));
    if (this.done) this.#coded.push(Buffer.from(this.#wrapping.trailer()));
  }

  read(): Buffer {
    return this.#read(Buffer.concat(this.#coded));
  }
}

test('whatever is compressed, in whatever pieces, is read again', () => {
  const deflater = new Deflater();
  const until = performance.now() + SECONDS * 1000;
  for (let seed = SEED; performance.now() < until; seed++) {
    const below = randomNumbers(seed);
    const streams = Array.from({ length: STREAMS }, () => new Stream(below));
    for (let open = streams; open.length > 0; open = open.filter(({ done }) => !done))
      (open[below(open.length)] as Stream).step(deflater, below);
    for (const stream of streams) assert.ok(stream.read().equals(stream.content), `seed ${seed}`);
  }
});
