/** Coders of bodies: what they make can be read again, slice by slice, and they can be used again. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { constants, createGzip, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { type CodingName, ContentCoders } from '../../src/proxy/content-coder.ts';
import { ZlibHandle } from '../../src/proxy/zlib-handle.ts';

const READERS: Readonly<Record<CodingName, (bytes: Buffer) => Buffer>> = {
  identity: bytes => bytes,
  gzip: bytes => gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
  deflate: bytes => inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
  'raw-deflate': bytes => inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
};

/** The content of one chunk, which is all there is, but for the last chunk behind it. */
function contentOf(coded: Buffer, last: boolean): Buffer {
  const text = coded.toString('latin1');
  const end = text.indexOf('\r\n');
  const size = Number.parseInt(text.slice(0, end), 16);
  assert.equal(text.slice(end + 2 + size), last ? '\r\n0\r\n\r\n' : '\r\n');
  return coded.subarray(end + 2, end + 2 + size);
}

test('this Node compresses in the thread that asks for it', () => {
  const stream = createGzip();
  assert.ok(ZlibHandle.of(stream) !== undefined);
  stream.destroy();
});

for (const coding of Object.keys(READERS) as CodingName[])
  test(`${coding}: each slice can be read as soon as it is coded, whatever its size, and one coder serves many bodies`, () => {
    const coders = new ContentCoders({ level: 1, memLevel: 8, windowBits: 15 });
    const slices = [
      Buffer.from('a'),
      Buffer.alloc(200_000, 'text '),
      randomBytes(100_000),
      Buffer.from('end'),
    ];
    for (let body = 0; body < 3; body++) {
      const coder = coders.take(coding);
      let coded = Buffer.alloc(0);
      let sent = Buffer.alloc(0);
      for (const [index, slice] of slices.entries()) {
        const last = index === slices.length - 1;
        let told = 0;
        coder.code(slice, last, made => {
          told++;
          coded = Buffer.concat([coded, contentOf(made, last)]);
        });
        sent = Buffer.concat([sent, slice]);
        assert.equal(told, 1);
        assert.ok(READERS[coding](coded).equals(sent));
      }
      coder.close(true);
    }
  });

test('an empty end closes what was compressed', () => {
  const coders = new ContentCoders({ level: 9, memLevel: 1, windowBits: 9 });
  for (const first of [Buffer.from('something'), Buffer.alloc(0)]) {
    const coder = coders.take('gzip');
    const made: Buffer[] = [];
    if (first.length > 0) coder.code(first, false, coded => made.push(contentOf(coded, false)));
    coder.code(Buffer.alloc(0), true, coded => made.push(contentOf(coded, true)));
    assert.ok(gunzipSync(Buffer.concat(made)).equals(first));
    coder.close(true);
  }
});
