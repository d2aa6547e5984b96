/** What the compressor makes is read by zlib: the same content, piece by piece, never much longer than it was. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { constants, inflateRawSync } from 'node:zlib';
import { LENGTHS_OF_TEXT_LENGTHS, TEXT_LENGTHS } from '../../src/deflate/code-lengths.ts';
import { Deflater } from '../../src/deflate/deflater.ts';
import { randomNumbers } from '../support/random-numbers.ts';

const STORED_BLOCK = 32_768;
const STORED_HEADER = 5;

const below = randomNumbers(1);
const deflater = new Deflater();

function inflated(coded: Buffer): Buffer {
  return inflateRawSync(coded, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 24 });
}

/** Compresses a stream in slices, each of which can be read when it is there; gives all bytes made. */
function streamed(content: Buffer, slice: number): Buffer {
  let coded = Buffer.alloc(0);
  for (let at = 0; at < content.length; at += slice) {
    const part = content.subarray(at, at + slice);
    const made = deflater.deflate(part, at + slice >= content.length);
    assert.ok(made.length <= part.length + STORED_HEADER * Math.ceil(part.length / STORED_BLOCK));
    coded = Buffer.concat([coded, made]);
  }
  return coded;
}

function drawn(size: number, one: () => number): Buffer {
  return Buffer.from(Array.from({ length: size }, one));
}

const letters = (size: number): Buffer => drawn(size, () => 97 + below(26));

/** The words of a text in another order. */
function shuffled(text: string, size: number): Buffer {
  const words = text.split(' ');
  let made = '';
  while (made.length < size) made += `${words[below(words.length)]} `;
  return Buffer.from(made).subarray(0, size);
}

const PAGE = `<li class="entry"><a href="/news/item?id=1">The first of them</a> <b>and more</b> &amp; so on</li>\n`;

const KINDS: Readonly<Record<string, (size: number) => Buffer>> = {
  zeros: size => Buffer.alloc(size),
  noise: size => drawn(size, () => below(256)),
  'few values': size => drawn(size, () => 200 + below(3)),
  letters,
  prose: size =>
    shuffled('what the server has sent is there for the client before the next piece comes', size),
  page: size => shuffled(PAGE, size),
  cyrillic: size => shuffled('это строка на другом языке и ещё одна', size),
};
const SIZES = [
  1, 2, 3, 4, 5, 6, 7, 8, 64, 257, 258, 259, 700, 20_000, 32_767, 32_768, 32_769, 65_536, 200_001,
];

for (const [kind, make] of Object.entries(KINDS))
  test(`${kind} of any size come back, at once and in slices`, () => {
    for (const size of SIZES) {
      const content = make(size);
      for (const slice of [size, 1 + below(size), 16_384])
        assert.deepEqual(inflated(streamed(content, slice)), content, `${size} bytes by ${slice}`);
    }
  });

test('each slice of a stream can be read before the next one, and bytes come one at a time', () => {
  const content = (KINDS['page'] as (size: number) => Buffer)(700);
  let coded = Buffer.alloc(0);
  for (let at = 0; at < content.length; at++) {
    coded = Buffer.concat([coded, deflater.deflate(content.subarray(at, at + 1), false)]);
    if (at % 50 === 0) assert.deepEqual(inflated(coded), content.subarray(0, at + 1));
  }
  coded = Buffer.concat([coded, deflater.deflate(Buffer.alloc(0), true)]);
  assert.deepEqual(inflateRawSync(coded), content);
});

test('nothing is nothing, and at the end of a stream its end', () => {
  assert.equal(deflater.deflate(Buffer.alloc(0), false).length, 0);
  assert.equal(inflateRawSync(deflater.deflate(Buffer.alloc(0), true)).length, 0);
});

for (const [codes, before] of [
  ['codes for text', letters],
  ['fixed codes', (size: number) => drawn(size, () => 128 + below(128))],
] as const)
  test(`matches of every length and of distances of every size are written right with ${codes}`, () => {
    for (let length = 4; length <= 300; length++) {
      const distance = 1 + below(1 << (1 + below(15)));
      const content = Buffer.concat([before(Math.max(distance, 1000)), Buffer.alloc(length), before(3)]);
      const from = content.length - length - 3;
      for (let at = from; at < from + length; at++) content[at] = content[at - distance] as number;
      assert.deepEqual(inflated(streamed(content, content.length)), content, `${length} from ${distance}`);
    }
  });

test('what one stream compresses has no part in what becomes of another', () => {
  const content = letters(5000);
  const alone = Buffer.from(new Deflater().deflate(content, true));
  for (const make of Object.values(KINDS)) deflater.deflate(make(40_000), false);
  assert.deepEqual(Buffer.from(deflater.deflate(content, true)), alone);
});

test('text becomes about as small as by zlib at its lowest level, with little around it where it is short; bytes without an order are stored', () => {
  assert.equal(deflater.deflate(Buffer.from('short'), true).length, 7);
  const text = readFileSync('docs/performance.md');
  const noise = (KINDS['noise'] as (size: number) => Buffer)(40_000);
  assert.ok(deflater.deflate(text, true).length < 0.42 * text.length);
  assert.equal(deflater.deflate(noise, true).length, 40_000 + 2 * STORED_HEADER);
});

test('no bit sequence is left without a meaning: readers refuse such codes', () => {
  const { literals, distances } = TEXT_LENGTHS;
  assert.deepEqual([literals.length, distances.length], [286, 30]);
  assert.ok(Math.max(...literals) <= 12 && Math.max(...distances) <= 11);
  for (const lengths of [literals, distances, LENGTHS_OF_TEXT_LENGTHS])
    assert.equal(
      lengths.reduce((sum, length) => sum + (length > 0 ? 2 ** -length : 0), 0),
      1,
    );
});
