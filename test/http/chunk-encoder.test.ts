import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyDecoder } from '../../src/http/body-decoder.ts';
import { CHUNK_END, chunkHead, LAST_CHUNK } from '../../src/http/chunk-encoder.ts';

test('Chunks are what the decoder reads back', () => {
  const content = Buffer.from('x'.repeat(70_000), 'latin1');
  const framed = Buffer.alloc(80_000);
  let at = 0;
  for (const [from, to] of [
    [0, 1],
    [1, 17],
    [17, 70_000],
  ] as const) {
    const length = chunkHead(framed, at, to - from);
    at += length + content.copy(framed, at + length, from, to);
    at += CHUNK_END.copy(framed, at);
  }
  at += LAST_CHUNK.copy(framed, at);
  const decoder = new BodyDecoder();
  decoder.start('chunked', -1, 'content');
  assert.equal(decoder.decode(framed, 0, at), at);
  assert.equal(decoder.done, true);
  assert.equal(framed.subarray(decoder.outStart, decoder.outEnd).equals(content), true);
});
