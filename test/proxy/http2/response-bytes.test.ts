import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyDecoder } from '../../../src/http/body-decoder.ts';
import { BufferPool } from '../../../src/net/buffer-pool.ts';
import { HEADROOM, ResponseBytes } from '../../../src/proxy/http2/response-bytes.ts';
import { randomNumbers } from '../../support/random-numbers.ts';

const HEAD = 'HTTP/1.1 200 OK\r\n\r\n';

/** What chunks say. */
function contentOf(chunks: Buffer): Buffer {
  const decoder = new BodyDecoder();
  decoder.start('chunked', 0, 'content');
  decoder.decode(chunks, 0, chunks.length);
  assert.deepEqual([decoder.error, decoder.done], [0, true]);
  return Buffer.from(chunks.subarray(decoder.outStart, decoder.outEnd));
}

test('whatever comes in whatever pieces is framed as one body, and all memory is given back', () => {
  const random = randomNumbers(7);
  for (let round = 0; round < 300; round++) {
    const pool = new BufferPool(16_384);
    const bytes = new ResponseBytes(pool);
    const taken: Buffer[] = [];
    const sent: Buffer[] = [];
    const take = (): void => {
      bytes.take();
      assert.ok(bytes.start >= HEADROOM);
      taken.push(Buffer.from(bytes.buffer.subarray(bytes.start, bytes.end)));
    };
    bytes.chunked = true;
    bytes.addHead('HTTP/1.1 103 Early Hints\r\n\r\n');
    bytes.addHead(HEAD);
    for (let piece = 0; piece < 6; piece++) {
      const content = Buffer.alloc(random(random(5) === 0 ? 60_000 : 3000) + 1, piece + 65);
      sent.push(content);
      bytes.addContent(content, 0, content.length);
      if (random(5) < 2) take();
    }
    bytes.addEnd('x-t: 1\r\n');
    take();
    assert.ok(bytes.isEmpty);
    bytes.release();
    assert.equal(pool.taken, 0);
    const all = Buffer.concat(taken);
    const heads = all.indexOf(HEAD) + HEAD.length;
    assert.ok(contentOf(all.subarray(heads)).equals(Buffer.concat(sent)), `round ${round}`);
    assert.match(all.subarray(-20).toString('latin1'), /\r\n0\r\nx-t: 1\r\n\r\n$/);
  }
});

test('content of a known length is not framed, and what is dropped leaves no buffer behind', () => {
  const pool = new BufferPool(16_384);
  const bytes = new ResponseBytes(pool);
  bytes.addHead(HEAD);
  bytes.addContent(Buffer.from('abc'), 0, 3);
  bytes.take();
  assert.equal(bytes.buffer.toString('latin1', bytes.start, bytes.end), `${HEAD}abc`);
  bytes.addContent(Buffer.from('def'), 0, 3);
  bytes.drop();
  assert.equal(pool.taken, 0);
});
