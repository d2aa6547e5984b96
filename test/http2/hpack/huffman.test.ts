/** The code of every symbol, and codes that are none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeHuffman, EOS, HUFFMAN_CODES, longestText } from '../../../src/http2/hpack/huffman.ts';
import { huffman } from '../../support/hpack-blocks.ts';
import { randomNumbers } from '../../support/random-numbers.ts';

const ALL = Array.from({ length: 256 }, (_, symbol) => symbol);

/** Undefined: the code is bad. */
function decoded(code: Buffer): readonly number[] | undefined {
  const out = new Uint8Array(longestText(code.length));
  const length = decodeHuffman(code, 0, code.length, out);
  return length < 0 ? undefined : [...out.subarray(0, length)];
}

test('codes as RFC 7541 appendix B has them, no room between them', () => {
  for (const [symbol, code] of [
    [0, '1111111111000'],
    [9, '111111111111111111101010'],
    [10, '111111111111111111111111111100'],
    [0x20, '010100'],
    [0x30, '00000'],
    [0x5c, '1111111111111110000'],
    [0x61, '00011'],
    [0x7f, '1111111111111111111111111100'],
    [0xc0, '11111111111111111111100000'],
    [0xff, '11111111111111111111101110'],
    [EOS, '1'.repeat(30)],
  ] as const) {
    const found = HUFFMAN_CODES[symbol] as { code: number; length: number };
    assert.equal(found.code.toString(2).padStart(found.length, '0'), code, `symbol ${symbol}`);
  }
  assert.equal(
    HUFFMAN_CODES.reduce((sum, { length }) => sum + 2 ** -length, 0),
    1,
  );
});

test('every symbol, and every pair of symbols', () => {
  for (const one of ALL) {
    assert.deepEqual(decoded(huffman([one])), [one]);
    for (const other of ALL) assert.deepEqual(decoded(huffman([one, other])), [one, other]);
  }
});

test('texts of any symbols', () => {
  const below = randomNumbers(1);
  for (let round = 0; round < 300; round++) {
    const common = below(2) === 0;
    const symbols = Array.from({ length: below(60) }, () => (common ? 0x20 + below(95) : below(256)));
    assert.deepEqual(decoded(huffman(symbols)), symbols);
  }
});

test('padding is ones, fewer than eight', () => {
  for (const symbols of [[], [0x30], [0x26], [0], [0x0a, 0x61]]) {
    const code = huffman(symbols);
    assert.deepEqual(decoded(code), symbols);
    assert.equal(decoded(Buffer.concat([code, Buffer.of(0xff)])), undefined, 'eight more');
    const zeros = huffman(symbols, '0000000');
    if (!zeros.equals(code)) assert.notDeepEqual(decoded(zeros), symbols);
  }
});

test('the end of the string is no part of a text', () => {
  for (const symbols of [[EOS], [0x61, EOS], [EOS, 0x61], [0x61, 0x62, EOS, 0x63], [0x0a, EOS, EOS]])
    assert.equal(decoded(huffman(symbols)), undefined);
});
